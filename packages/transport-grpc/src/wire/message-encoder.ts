import { Buffer } from 'node:buffer';
import { type Codec, type Encoder, type Schema, ServiceError } from '@tenon/contract';
import { BufferSink, type CodecSet, type OpenCodec, openSession } from '@tenon/contract/authoring';
import { compress, type Encoding } from './encodings.js';
import { headBytes } from './frame-reader.js';

/** Encodes messages behind the head that gRPC puts before each, through one buffer that it keeps. */
export class MessageEncoder {
  readonly #encoders = new Map<OpenCodec, (schema: Schema | undefined) => Encoder>();
  readonly #maxBytes: number;
  #sink: BufferSink;
  #lent = false;

  /** @param maxMessageBytes - of a message before it is compressed. */
  constructor(codecs: readonly Codec[], set: CodecSet, maxMessageBytes: number) {
    for (const codec of codecs) this.#encoders.set(set.of(codec.contentType), encodersOf(codec, codecs));
    this.#maxBytes = maxMessageBytes;
    this.#sink = new BufferSink(headBytes + maxMessageBytes, keptBytes);
  }

  /**
   * One message with its head.
   *
   * @param codec - one of the set, or one of its own.
   * @throws ServiceError `InvalidArgument` for what the format cannot express, `ResourceExhausted` over the limit; both
   * with `executed: 'no'`.
   */
  encode(codec: OpenCodec, value: unknown, schema: Schema | undefined, encoding: Encoding): Buffer {
    const plain = this.#framed(codec, value, schema);
    if (encoding === 'identity') return plain;
    const compressed = compress(plain.subarray(headBytes), encoding);
    return Buffer.concat([headOf(1, compressed.length), compressed]);
  }

  #framed(codec: OpenCodec, value: unknown, schema: Schema | undefined): Buffer {
    const encoders = this.#encoders.get(codec);
    // A getter of the value may call a service itself.
    if (this.#lent || encoders === undefined) {
      const bytes = codec.encode(value, schema, this.#maxBytes);
      return Buffer.concat([headOf(0, bytes.length), bytes]);
    }
    const sink = this.#sink;
    this.#lent = true;
    try {
      sink.position = headBytes;
      encoders(schema)(value, sink);
      const { buffer, position } = sink;
      buffer[0] = 0;
      buffer.writeUInt32BE(position - headBytes, 1);
      if (buffer.length <= keptBytes) return Buffer.from(buffer.subarray(0, position));
      // It has grown: it goes with the message, and the next ones get a small one again.
      this.#sink = new BufferSink(headBytes + this.#maxBytes, keptBytes);
      return buffer.subarray(0, position);
    } catch (thrown) {
      throw this.#refusal(thrown);
    } finally {
      this.#lent = false;
    }
  }

  /** The sink's own limit counts the head too. */
  #refusal(thrown: unknown): ServiceError {
    const error = ServiceError.from(thrown, { code: 'InvalidArgument', executed: 'no' });
    if (error.code !== 'ResourceExhausted') return error;
    return new ServiceError('ResourceExhausted', `a message is over the limit of ${this.#maxBytes} bytes`, {
      cause: error,
      executed: 'no',
    });
  }
}

function headOf(flag: 0 | 1, length: number): Buffer {
  const head = Buffer.allocUnsafe(headBytes);
  head[0] = flag;
  head.writeUInt32BE(length, 1);
  return head;
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

const keptBytes = 64 * 1_024;
