import {
  Codec,
  type CodecCapabilities,
  type CodecSession,
  type Decoder,
  type Encoder,
  type Provider,
  provide,
  ServiceError,
} from '@tenon/contract';

/**
 * Bytes as they are, under `application/octet-stream`, as go-micro has them: a value is a `Uint8Array`, and nothing else is.
 *
 * Nothing (`undefined`, `null`, an object without properties) is no bytes. Everything else is refused with `InvalidArgument`.
 * A handler takes them with `@Endpoint({ request: anything })`.
 */
export function bytesCodec(): Provider<Codec> {
  return provide(Codec, [], () => new BytesCodec());
}

class BytesCodec implements Codec {
  readonly contentType = 'application/octet-stream';
  readonly aliases: readonly string[] = Object.freeze([]);
  readonly capabilities: CodecCapabilities = Object.freeze({
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

const encode: Encoder = (value, sink) => {
  if (!(value instanceof Uint8Array)) {
    if (isNothing(value)) return;
    throw new ServiceError(
      'InvalidArgument',
      `application/octet-stream carries bytes, and the value is ${Array.isArray(value) ? 'a list' : `of type ${typeof value}`}: give a Uint8Array, or choose another content type`,
      { executed: 'no' },
    );
  }
  sink.ensure(value.length);
  sink.buffer.set(value, sink.position);
  sink.position += value.length;
};

/** A copy, with nothing else in the memory behind it. */
const decode: Decoder = (buffer, start, end) => {
  const copy = new Uint8Array(end - start);
  copy.set(buffer.subarray(start, end));
  return copy;
};

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && !Array.isArray(value) && isPlain(value) && Object.keys(value).length === 0;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
