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
 * Text (UTF-8) as it is, under `text/plain`: for endpoints whose request or reply is a string, as go-micro's text codec
 * has them.
 *
 * Everything but a string is refused with `InvalidArgument`; a handler that returns nothing answers with an empty text.
 */
export function textCodec(): Provider<Codec> {
  return provide(Codec, [], () => new TextCodec());
}

class TextCodec implements Codec {
  readonly contentType = 'text/plain';
  readonly aliases: readonly string[] = Object.freeze([]);
  readonly capabilities: CodecCapabilities = Object.freeze({
    only: 'text',
    bytes: false,
    dates: false,
    bigints: false,
    nonFinite: false,
  });
  readonly #session: CodecSession;

  constructor() {
    const decode = textDecoder();
    this.#session = Object.freeze({ encoder: () => encode, decoder: () => decode });
  }

  open(): CodecSession {
    return this.#session;
  }
}

function encode(value: unknown, sink: Sink): void {
  if (value === undefined) return;
  if (typeof value !== 'string') throw refusal(`text/plain carries a string and nothing else, not ${kindOf(value)}`);
  if (loneSurrogate.test(value)) throw refusal('the text has half of a character, which UTF-8 cannot say');
  const bytes = Buffer.byteLength(value);
  sink.ensure(bytes);
  sink.position += sink.buffer.write(value, sink.position, bytes, 'utf8');
}

function textDecoder(): (buffer: Uint8Array, start: number, end: number) => string {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return (buffer, start, end) => {
    try {
      return utf8.decode(buffer.subarray(start, end));
    } catch {
      throw refusal('the text is not valid UTF-8');
    }
  };
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}

function refusal(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}

const loneSurrogate = /\p{Surrogate}/u;
