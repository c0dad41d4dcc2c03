import type { Encoder, Sink } from '@tenon/contract';
import { maxElements } from './limits.js';
import { signedBytes, writeSigned } from './signed-varint.js';
import { varintBytes, writeVarint } from './varint.js';
import { mostTextBytes, writeText } from './write-text.js';

/**
 * Writes one value at `position`. Returns where it ends, or {@link unfit} for a value that the layout has no place for.
 *
 * Asks for exactly the room that it needs: an estimate could run into the owner's limit with a message that fits. Before
 * anything of the value is read that may run foreign code, the sink's position is put to `position`, and its buffer is
 * read again afterwards: a getter may use the same sink.
 *
 * @param depth - how many records, arrays and maps are around the value.
 */
export type WriteValue = (value: unknown, writing: Writing, position: number, depth: number) => number;

/** In the place of a position: the value does not fit. */
export const unfit = -1;

/** One value being written. Each has its own, so that a getter may write another one in its midst. */
export class Writing {
  readonly sink: Sink;
  readonly plain: Encoder;
  /** How many elements may still come. */
  left = maxElements;

  constructor(sink: Sink, plain: Encoder) {
    this.sink = sink;
    this.plain = plain;
  }

  /** The sink's buffer, with room for exactly so many bytes at `position`. */
  room(position: number, bytes: number): Buffer {
    const { sink } = this;
    if (position + bytes > sink.buffer.length) {
      sink.position = position;
      sink.ensure(bytes);
    }
    return sink.buffer;
  }

  byte(position: number, byte: number): number {
    this.room(position, 1)[position] = byte;
    return position + 1;
  }

  varint(position: number, value: number): number {
    return writeVarint(this.room(position, varintBytes(value)), position, value);
  }

  signed(position: number, value: number): number {
    return writeSigned(this.room(position, signedBytes(value)), position, value);
  }

  text(position: number, text: string): number {
    const { buffer } = this.sink;
    if (position + mostTextBytes(text.length) <= buffer.length) return writeText(buffer, position, text);
    const bytes = Buffer.byteLength(text);
    const header = varintBytes(bytes);
    const roomy = this.room(position, header + bytes);
    roomy.write(text, writeVarint(roomy, position, bytes), 'utf8');
    return position + header + bytes;
  }
}
