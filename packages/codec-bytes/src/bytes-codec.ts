import { types } from 'node:util';
import {
  Codec,
  type CodecCapabilities,
  type CodecSession,
  type Provider,
  provide,
  ServiceError,
  type Sink,
} from '@tenon/contract';

/**
 * Bytes as they are, under `application/octet-stream`: for endpoints whose request or reply is a `Uint8Array` (or a
 * `Buffer`, which is one), as go-micro's bytes codec has them. What is read is a `Buffer` of its own.
 *
 * Everything else is refused with `InvalidArgument`; a handler that returns nothing answers with no bytes.
 */
export function bytesCodec(): Provider<Codec> {
  return provide(Codec, [], () => new BytesCodec());
}

class BytesCodec implements Codec {
  readonly contentType = 'application/octet-stream';
  readonly aliases: readonly string[] = Object.freeze([]);
  readonly capabilities: CodecCapabilities = Object.freeze({
    only: 'bytes',
    bytes: true,
    dates: false,
    bigints: false,
    nonFinite: false,
  });
  readonly #session: CodecSession = Object.freeze({ encoder: () => encode, decoder: () => decode });

  open(): CodecSession {
    return this.#session;
  }
}

function encode(value: unknown, sink: Sink): void {
  if (value === undefined) return;
  if (!types.isUint8Array(value)) {
    const kind = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
    throw new ServiceError(
      'InvalidArgument',
      `application/octet-stream carries a Uint8Array and nothing else, not ${kind}`,
      { executed: 'no' },
    );
  }
  sink.ensure(value.length);
  sink.buffer.set(value, sink.position);
  sink.position += value.length;
}

/** A copy: what is decoded owns its bytes. */
function decode(buffer: Uint8Array, start: number, end: number): Buffer {
  return Buffer.from(buffer.subarray(start, end));
}
