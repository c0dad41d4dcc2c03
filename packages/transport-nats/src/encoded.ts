import { type Schema, ServiceError } from '@tenon/contract';
import type { OpenCodec } from '@tenon/contract/authoring';

/** The bytes of a value. Throws `InvalidArgument`, or `ResourceExhausted` with both sizes; `executed: 'no'`. */
export function encoded(codec: OpenCodec, value: unknown, schema: Schema | undefined, maxBytes: number): Buffer {
  // An encoder asks for more room than it needs in the end, so the limit is that of what came out.
  const bytes = codec.encode(value, schema, Number.POSITIVE_INFINITY);
  if (bytes.length <= maxBytes) return bytes;
  const sizes = `a message of ${bytes.length} bytes is over the limit of ${maxBytes}`;
  throw new ServiceError('ResourceExhausted', sizes, { executed: 'no' });
}
