import { Codec, type CodecCapabilities, type CodecSession, type Provider, provide } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import { jsonDecoder } from './json-decoder.js';
import { jsonEncoder } from './json-encoder.js';

export interface JsonCodecOptions {
  /**
   * How many arrays and objects may stand inside each other, when writing and when reading. Range 1 to 512. Deeper
   * values are refused with `InvalidArgument`, because everything that later walks a value by recursion would overflow.
   *
   * @defaultValue 64
   */
  readonly maxDepth?: number | undefined;
}

/**
 * JSON (RFC 8259) under `application/json`, for people, browsers and go-micro peers.
 *
 * A `Date` goes out as an ISO 8601 string, bytes as base64, `NaN` and the infinities as `null`, an `undefined` field not
 * at all. What would get lost in silence is refused with `InvalidArgument`: functions, symbols, bigints, maps, sets,
 * promises, cycles. Reading is strict: UTF-8 without a byte order mark, one value, nothing behind it.
 *
 * @throws ServiceError `InvalidArgument` on an option out of range.
 */
export function jsonCodec(options: JsonCodecOptions = {}): Provider<Codec> {
  const resolved = resolveJsonCodecOptions(options);
  return provide(Codec, [], () => new JsonCodec(resolved));
}

interface ResolvedJsonCodecOptions {
  readonly maxDepth: number;
}

function resolveJsonCodecOptions(options: JsonCodecOptions): ResolvedJsonCodecOptions {
  return Object.freeze({
    maxDepth: checkedNumber('jsonCodec.maxDepth', options.maxDepth, { min: 1, max: 512, fallback: 64 }),
  });
}

class JsonCodec implements Codec {
  readonly contentType = 'application/json';
  readonly aliases: readonly string[] = Object.freeze(['text/json']);
  readonly capabilities: CodecCapabilities = Object.freeze({
    bytes: false,
    dates: false,
    bigints: false,
    nonFinite: false,
  });
  readonly #session: CodecSession;

  constructor(options: ResolvedJsonCodecOptions) {
    const encode = jsonEncoder(options.maxDepth);
    const decode = jsonDecoder(options.maxDepth);
    // Nothing is kept between values and schemas are not compiled, so all connections share one session.
    this.#session = Object.freeze({ encoder: () => encode, decoder: () => decode });
  }

  open(): CodecSession {
    return this.#session;
  }
}
