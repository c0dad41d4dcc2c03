import type { Codec } from '@tenon/contract';

/** A codec whose values are their own bytes. */
export const bytesCodec: Codec = {
  contentType: 'application/bytes',
  aliases: [],
  capabilities: { bytes: true, dates: false, bigints: false, nonFinite: false },
  open: () => ({
    encoder: () => (value, sink) => {
      const bytes = value as Buffer;
      sink.ensure(bytes.length);
      bytes.copy(sink.buffer, sink.position);
      sink.position += bytes.length;
    },
    decoder: () => (buffer, start, end) => Buffer.from(buffer.subarray(start, end)),
  }),
};
