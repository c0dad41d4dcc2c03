import type { Buffer } from 'node:buffer';
import type { BuildPlan, Schema } from '@tenon/contract';
import type { OpenCodec } from '@tenon/contract/authoring';
import { decompress, type Encoding } from './encodings.js';

/** Turns the messages of one stream into values, inflating those that are marked as compressed. */
export class MessageDecoder {
  readonly maxMessageBytes: number;
  readonly #codec: OpenCodec;
  readonly #encoding: Encoding;
  /** Messages that are compressed; undefined where there was none. */
  #compressed: WeakSet<Buffer> | undefined = undefined;

  constructor(codec: OpenCodec, encoding: Encoding, maxMessageBytes: number) {
    this.maxMessageBytes = maxMessageBytes;
    this.#codec = codec;
    this.#encoding = encoding;
  }

  /** The same bytes, which are inflated when they are decoded. */
  marked(bytes: Buffer): Buffer {
    this.#compressed ??= new WeakSet();
    this.#compressed.add(bytes);
    return bytes;
  }

  /**
   * The message as it was before it was compressed.
   *
   * @throws ServiceError `Internal` or `ResourceExhausted` for what cannot be inflated, or not within the limit.
   */
  inflated(bytes: Buffer): Buffer {
    return decompress(bytes, this.#encoding, this.maxMessageBytes);
  }

  /**
   * @throws ServiceError `InvalidArgument`, `executed: 'no'`, for malformed bytes; `Internal` or `ResourceExhausted` for what
   * cannot be inflated, or not within the limit.
   */
  decode(bytes: Buffer, schema: Schema | undefined, plan?: BuildPlan): unknown {
    const plain = this.#compressed?.has(bytes) === true ? this.inflated(bytes) : bytes;
    return this.#codec.decode(plain, schema, plan);
  }
}
