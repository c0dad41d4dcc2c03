import type { Sink } from '@tenon/contract';

/**
 * The sink's buffer with room for `bytes` at `position`.
 *
 * `bytes` is always what will be written, never an estimate: an estimate could run into the owner's limit with a message
 * that fits.
 */
export function reserve(sink: Sink, position: number, bytes: number): Buffer {
  const buffer = sink.buffer;
  if (position + bytes <= buffer.length) return buffer;
  sink.position = position;
  sink.ensure(bytes);
  return sink.buffer;
}
