import type { Decoder, Encoder } from '@tenon/contract';

/** A decoder whose result is changed, part by part, from the bottom up. */
export function mapped(decode: Decoder, change: (part: unknown) => unknown): Decoder {
  const walk = (part: unknown): unknown => {
    if (Array.isArray(part)) return change(part.map(walk));
    if (typeof part !== 'object' || part === null || part instanceof Uint8Array || part instanceof Date)
      return change(part);
    return change(Object.fromEntries(Object.entries(part).map(([key, value]) => [key, walk(value)])));
  };
  return (buffer, start, end) => walk(decode(buffer, start, end));
}

/** An encoder that is handed something else than it was given. */
export function written(encode: Encoder, change: (value: unknown) => unknown): Encoder {
  return (value, sink) => encode(change(value), sink);
}
