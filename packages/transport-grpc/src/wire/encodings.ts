import type { Buffer } from 'node:buffer';
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { ServiceError } from '@tenon/contract';

/** How messages may be compressed, by gRPC's names. `deflate` is that of zlib (RFC 1950). */
export type Encoding = 'identity' | 'gzip' | 'deflate';

/** What is read here, as `grpc-accept-encoding` says it. */
export const acceptedEncodings = 'identity,deflate,gzip';

/** Whether a name that came from outside is one of {@link Encoding}. */
export function isEncoding(name: unknown): name is Encoding {
  return name === 'identity' || name === 'gzip' || name === 'deflate';
}

/** @throws ServiceError `Unimplemented`, as gRPC's rules for compression have it. */
export function encodingOf(name: string | undefined): Encoding {
  if (name === undefined) return 'identity';
  if (isEncoding(name)) return name;
  const text = `grpc-encoding is ${JSON.stringify(name.slice(0, 100))}; what is read here is ${acceptedEncodings}`;
  throw ServiceError.refusal('Unimplemented', text);
}

/** Whether a peer that said so in `grpc-accept-encoding` reads an encoding. */
export function accepts(accepted: string | undefined, encoding: Encoding): boolean {
  return encoding === 'identity' || (accepted ?? '').split(',').some((name) => name.trim() === encoding);
}

export function compress(bytes: Uint8Array, encoding: Exclude<Encoding, 'identity'>): Buffer {
  return encoding === 'gzip' ? gzipSync(bytes) : deflateSync(bytes);
}

/**
 * The message as it was before it was compressed. It is inflated piece by piece and counted meanwhile, so that a bomb takes one
 * limit of memory and one piece at most.
 *
 * @throws ServiceError `ResourceExhausted` for what inflates to more than `maxBytes`; `Internal` for what is not compressed
 * as it says, or says nothing.
 */
export function decompress(bytes: Uint8Array, encoding: Encoding, maxBytes: number): Buffer {
  if (encoding === 'identity') {
    throw ServiceError.refusal('Internal', 'a message is marked as compressed, and grpc-encoding does not say how');
  }
  // Node takes no limit below 1.
  const limit = { maxOutputLength: Math.max(1, maxBytes) };
  try {
    return encoding === 'gzip' ? gunzipSync(bytes, limit) : inflateSync(bytes, limit);
  } catch (cause) {
    const tooLarge = cause instanceof RangeError;
    if (!tooLarge) throw ServiceError.refusal('Internal', `a message is not ${encoding}`, { cause });
    const text = `a message inflates to more than the limit of ${maxBytes} bytes`;
    throw ServiceError.refusal('ResourceExhausted', text, { cause });
  }
}
