import { type Codec, type Encoder, type Schema, ServiceError } from '@tenon/contract';
import { BufferSink, type CodecSet, type OpenCodec, openSession } from '@tenon/contract/authoring';

/**
 * The bytes of a body: a small one as text in latin1, so that it leaves in one write with its head. Either way `length` is
 * in bytes.
 */
export type Body = string | Buffer;

/** Encodes bodies through one buffer that it keeps: making one for each costs more than most encodings. */
export class BodyEncoder {
  readonly #encoders = new Map<OpenCodec, (schema: Schema | undefined) => Encoder>();
  readonly #maxBytes: number;
  #sink: BufferSink;
  #lent = false;

  /** @param maxBytes - of a body. */
  constructor(codecs: readonly Codec[], set: CodecSet, maxBytes: number) {
    for (const codec of codecs) this.#encoders.set(set.of(codec.contentType), encodersOf(codec, codecs));
    this.#maxBytes = maxBytes;
    this.#sink = new BufferSink(maxBytes, keptBytes);
  }

  /**
   * @param codec - one of the set.
   * @throws ServiceError `InvalidArgument` for what the format cannot express, `ResourceExhausted` over the limit; both
   * with `executed: 'no'`.
   */
  encode(codec: OpenCodec, value: unknown, schema: Schema | undefined): Body {
    // A getter of the value may call a service itself.
    if (this.#lent) return codec.encode(value, schema, this.#maxBytes);
    const sink = this.#sink;
    this.#lent = true;
    try {
      sink.reset();
      this.#encoders.get(codec)?.(schema)(value, sink);
      const { buffer, position } = sink;
      if (position <= smallBytes) return buffer.toString('latin1', 0, position);
      if (buffer.length <= keptBytes) return Buffer.from(buffer.subarray(0, position));
      // It has grown: it goes with the body, and the next ones get a small one again.
      this.#sink = new BufferSink(this.#maxBytes, keptBytes);
      return buffer.subarray(0, position);
    } catch (thrown) {
      throw ServiceError.from(thrown, { code: 'InvalidArgument', executed: 'no' });
    } finally {
      this.#lent = false;
    }
  }
}

/** The encoders of one codec, made once for each schema. */
function encodersOf(codec: Codec, codecs: readonly Codec[]): (schema: Schema | undefined) => Encoder {
  const session = openSession(codec, codecs);
  const known = new Map<Schema | undefined, Encoder>();
  return (schema) => {
    let encoder = known.get(schema);
    if (encoder === undefined) {
      encoder = session.encoder(schema);
      known.set(schema, encoder);
    }
    return encoder;
  };
}

/** Beyond it a second write is cheaper than turning bytes into text and back. */
const smallBytes = 4 * 1_024;
const keptBytes = 64 * 1_024;
