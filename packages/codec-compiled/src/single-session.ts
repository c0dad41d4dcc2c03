import {
  type BuildPlan,
  Built,
  type CodecSession,
  type Decoder,
  type Encoder,
  type Schema,
  type Sink,
} from '@tenon/contract';
import { malformed } from './announcement.js';
import type { KnownLayout } from './known-layout.js';
import type { LayoutLibrary } from './layout-library.js';

/**
 * Values that stand alone: events that are stored or go to many, bodies of HTTP. Each carries its layout whole, ahead of it
 * the hash, so that whoever reads it, now or in a year, needs nothing but the message, and reads no layout that it knows.
 */
export class SingleSession implements CodecSession {
  readonly #library: LayoutLibrary;
  readonly #encodePlain: Encoder;
  readonly #decodePlain: Decoder;

  constructor(library: LayoutLibrary, plain: CodecSession) {
    this.#library = library;
    this.#encodePlain = plain.encoder();
    this.#decodePlain = plain.decoder();
  }

  encoder(schema?: Schema): Encoder {
    const known = this.#library.own(schema);
    const head = known === undefined ? undefined : headOf(known);
    return (value, sink) => {
      if (known === undefined || head === undefined) {
        this.#writePlain(value, sink);
        return;
      }
      const start = sink.position;
      append(sink, head);
      if (known.write(value, sink, this.#encodePlain)) return;
      sink.position = start;
      this.#writePlain(value, sink);
      this.#library.misfit(known, schema, value);
    };
  }

  decoder(schema?: Schema, plan?: BuildPlan): Decoder {
    const own = this.#library.own(schema);
    const plain = this.#decodePlain;
    return (buffer, start, end) => {
      if (start < end && buffer[start] === plainForm) return plain(buffer, start + 1, end);
      const body = start + headBytes;
      if (body > end || buffer[start] !== laidOutForm) throw malformed('a message that says no form');
      const layoutBytes = ((buffer[body - 2] as number) << 8) | (buffer[body - 1] as number);
      const value = body + layoutBytes;
      if (value > end) throw malformed('a message whose layout is cut short');
      const known = this.#layoutOf(buffer, start + 1, body, value);
      const builder = plan === undefined || own !== known ? undefined : own.builder(plan);
      const built = builder?.(buffer, value, end, plain);
      return built === undefined ? known.reader(buffer, value, end, plain) : new Built(built);
    };
  }

  #writePlain(value: unknown, sink: Sink): void {
    sink.ensure(1);
    sink.buffer[sink.position] = plainForm;
    sink.position += 1;
    this.#encodePlain(value, sink);
  }

  #layoutOf(buffer: Uint8Array, hash: number, start: number, end: number): KnownLayout {
    const known = this.#library.withHash(hex(buffer, hash));
    // Of a layout that is known under that hash nobody looks at what else it is said to be.
    return known ?? this.#library.told(buffer, start, end);
  }
}

function headOf({ hash, bytes }: KnownLayout): Buffer {
  const { length } = bytes;
  return Buffer.concat([Buffer.of(laidOutForm), Buffer.from(hash, 'hex'), Buffer.of(length >> 8, length), bytes]);
}

function append(sink: Sink, bytes: Uint8Array): void {
  sink.ensure(bytes.length);
  sink.buffer.set(bytes, sink.position);
  sink.position += bytes.length;
}

function hex(buffer: Uint8Array, start: number): string {
  return Buffer.from(buffer.buffer, buffer.byteOffset + start, hashBytes).toString('hex');
}

/** What a message that stands alone begins with. */
const plainForm = 0x00;
const laidOutForm = 0x01;
const hashBytes = 16;
/** The form, the hash and the length of the layout. */
const headBytes = 1 + hashBytes + 2;
