import type { CodecSession } from '@tenon/contract';
import { OpenCodec } from '@tenon/contract/authoring';

/** Messages as their bytes, for services whose messages are read and written by hand. */
export function rawCodec(): OpenCodec {
  return new OpenCodec('application/protobuf', session);
}

const session: CodecSession = {
  encoder: () => (value, sink) => {
    const bytes = value as Uint8Array;
    sink.ensure(bytes.length);
    sink.buffer.set(bytes, sink.position);
    sink.position += bytes.length;
  },
  decoder: () => (buffer, start, end) => Uint8Array.prototype.slice.call(buffer, start, end),
};
