import type { Sink } from '@tenon/contract';
import { ProtocolViolation } from './protocol-violation.js';

/** Writes a varint of at most four bytes. The caller made room. */
export function writeVarint(sink: Sink, value: number): void {
  const { buffer } = sink;
  let position = sink.position;
  let rest = value;
  while (rest > 0x7f) {
    buffer[position] = (rest & 0x7f) | 0x80;
    position += 1;
    rest >>>= 7;
  }
  buffer[position] = rest;
  sink.position = position + 1;
}

/** Reads what the protocol is made of from a payload, never beyond its end. */
export class PayloadCursor {
  #buffer: Buffer | undefined;
  #end = 0;
  position = 0;

  /** Begins with another payload, so that one cursor serves a whole connection. */
  over(buffer: Buffer, start: number, end: number): this {
    this.#buffer = buffer;
    this.position = start;
    this.#end = end;
    return this;
  }

  /** @throws ProtocolViolation where the payload ends before it. */
  byte(): number {
    if (this.position >= this.#end || this.#buffer === undefined) throw tooShort();
    const value = this.#buffer[this.position] as number;
    this.position += 1;
    return value;
  }

  /** @throws ProtocolViolation where it has more than four bytes, or the payload ends in it. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new ProtocolViolation('a varint of more than four bytes');
  }

  /** Moves on past so many bytes where they are the same as the first of `expected`; else stays, and returns false. */
  skip(expected: Uint8Array, bytes: number): boolean {
    const { position } = this;
    const buffer = this.#buffer;
    if (buffer === undefined || position + bytes > this.#end) return false;
    for (let index = 0; index < bytes; index += 1) {
      if (buffer[position + index] !== expected[index]) return false;
    }
    this.position = position + bytes;
    return true;
  }

  /** Copies what was read since `start`. Returns false where it is more than `target` holds. */
  copyTo(target: Uint8Array, start: number): boolean {
    const buffer = this.#buffer;
    const bytes = this.position - start;
    if (buffer === undefined || bytes > target.length) return false;
    for (let index = 0; index < bytes; index += 1) target[index] = buffer[start + index] as number;
    return true;
  }

  /** The next so many bytes as text. @throws ProtocolViolation where the payload has fewer. */
  text(bytes: number): string {
    const start = this.position;
    const end = start + bytes;
    if (end > this.#end || this.#buffer === undefined) throw tooShort();
    this.position = end;
    return this.#buffer.toString('utf8', start, end);
  }
}

function tooShort(): ProtocolViolation {
  return new ProtocolViolation('a frame is shorter than what it says it holds');
}
