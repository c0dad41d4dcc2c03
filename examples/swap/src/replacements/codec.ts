import { Codec, provide, type Sink } from 'tenon';
import type { Replacement } from '../replacement.js';

/** MessagePack's place taken by something that a person can read: JSON, in capitals where it names its fields. */
export const codec: Replacement = (seen) =>
  provide(Codec, [], () => ({
    contentType: 'application/msgpack',
    aliases: [],
    capabilities: { bytes: false, dates: false, bigints: false, nonFinite: false },
    open: () => ({
      encoder: () => (value: unknown, sink: Sink) => {
        const text = JSON.stringify(value ?? null);
        const bytes = Buffer.byteLength(text);
        sink.ensure(bytes);
        sink.position += sink.buffer.write(text, sink.position);
        seen.push(`encode ${text}`);
      },
      decoder: () => (buffer: Uint8Array, start: number, end: number) =>
        JSON.parse(Buffer.from(buffer.buffer, buffer.byteOffset + start, end - start).toString()),
    }),
  }));
