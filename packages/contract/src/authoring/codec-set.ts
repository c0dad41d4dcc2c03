import type { BuildPlan } from '../build-plan.js';
import type { Codec, CodecSession, Decoder, Encoder } from '../codec.js';
import type { Schema } from '../schema.js';
import { ServiceError } from '../service-error.js';
import type { Sink } from '../sink.js';
import { BufferSink } from './buffer-sink.js';
import { openSession } from './open-session.js';
import { SlabSink } from './slab-sink.js';

/**
 * The bound codecs of an application, by content type, for transports and brokers whose wire is open: each message says
 * its type. Encoders and decoders are made once per schema and kept.
 */
export class CodecSet {
  readonly #byType = new Map<string, OpenCodec>();

  /** A later codec replaces an earlier one under the same content type; aliases never replace a content type. */
  constructor(codecs: readonly Codec[]) {
    for (const codec of codecs) {
      // Deleted first, so that the order is that of binding.
      this.#byType.delete(codec.contentType);
      this.#byType.set(codec.contentType, new OpenCodec(codec.contentType, openSession(codec, codecs)));
    }
    for (const { aliases, contentType } of codecs) {
      const open = this.#byType.get(contentType);
      for (const alias of aliases) if (open !== undefined && !this.#byType.has(alias)) this.#byType.set(alias, open);
    }
  }

  /** Whether a content type can be read and written; parameters such as `;charset=utf-8` are ignored. */
  has(contentType: string): boolean {
    return this.#byType.has(mediaType(contentType));
  }

  /** The content types in order of binding, for error messages and `Accept` headers. */
  get contentTypes(): readonly string[] {
    return [...new Set([...this.#byType.values()].map((codec) => codec.contentType))];
  }

  /**
   * The codec of a content type.
   *
   * @throws ServiceError `InvalidArgument`, `executed: 'no'`, naming the type and those that are bound.
   */
  of(contentType: string): OpenCodec {
    const codec = this.#byType.get(contentType) ?? this.#byType.get(mediaType(contentType));
    if (codec !== undefined) return codec;
    throw new ServiceError(
      'InvalidArgument',
      `no codec is bound for content type ${JSON.stringify(contentType.slice(0, 100))}; bound are ${this.contentTypes.join(', ')}`,
      { executed: 'no' },
    );
  }
}

/** One codec with a session of its own, encoding to and decoding from whole buffers. */
export class OpenCodec {
  readonly #encoders = new Map<Schema | undefined, Encoder>();
  /** By plan, which is that of one schema, else by schema. */
  readonly #decoders = new Map<BuildPlan | Schema | undefined, Decoder>();
  #idleSink: BufferSink | undefined;
  #idleSlab: SlabSink | undefined;

  constructor(
    readonly contentType: string,
    private readonly session: CodecSession,
  ) {}

  /**
   * The bytes of a value.
   *
   * @throws ServiceError `InvalidArgument` for what the format cannot express, `ResourceExhausted` over `maxBytes`; both
   * with `executed: 'no'`.
   */
  encode(value: unknown, schema?: Schema, maxBytes?: number): Buffer {
    if (maxBytes !== undefined) {
      const sink = new BufferSink(maxBytes);
      this.#write(value, schema, sink);
      return sink.buffer.subarray(0, sink.position);
    }
    const slab = this.#idleSlab ?? new SlabSink();
    // A getter of the value may encode something else meanwhile.
    this.#idleSlab = undefined;
    slab.begin();
    this.#write(value, schema, slab);
    this.#idleSlab = slab;
    return slab.end();
  }

  #write(value: unknown, schema: Schema | undefined, sink: Sink): void {
    try {
      this.#encoder(schema)(value, sink);
    } catch (thrown) {
      throw ServiceError.from(thrown, { code: 'InvalidArgument', executed: 'no' });
    }
  }

  /**
   * The value as it would arrive at the other end of a wire: encoded and decoded.
   *
   * @throws ServiceError as `encode` and `decode` do.
   */
  copy(value: unknown, schema?: Schema): unknown {
    const sink = this.#idleSink ?? new BufferSink();
    // A getter of the value may copy something else meanwhile.
    this.#idleSink = undefined;
    sink.reset();
    try {
      this.#encoder(schema)(value, sink);
      return this.#decoder(schema)(sink.buffer, 0, sink.position);
    } catch (thrown) {
      throw ServiceError.from(thrown, { code: 'InvalidArgument', executed: 'no' });
    } finally {
      if (sink.buffer.length <= largestKeptBytes) this.#idleSink = sink;
    }
  }

  /**
   * The value of some bytes. With a plan it may be `Built`: see `CodecSession.decoder`.
   *
   * @throws ServiceError `InvalidArgument`, `executed: 'no'`.
   */
  decode(bytes: Uint8Array, schema?: Schema, plan?: BuildPlan): unknown {
    try {
      return this.#decoder(schema, plan)(bytes, 0, bytes.length);
    } catch (thrown) {
      throw ServiceError.from(thrown, { code: 'InvalidArgument', executed: 'no' });
    }
  }

  #encoder(schema: Schema | undefined): Encoder {
    let encoder = this.#encoders.get(schema);
    if (encoder === undefined) {
      encoder = this.session.encoder(schema);
      this.#encoders.set(schema, encoder);
    }
    return encoder;
  }

  #decoder(schema: Schema | undefined, plan?: BuildPlan): Decoder {
    let decoder = this.#decoders.get(plan ?? schema);
    if (decoder === undefined) {
      decoder = this.session.decoder(schema, plan);
      this.#decoders.set(plan ?? schema, decoder);
    }
    return decoder;
  }
}

/** A larger buffer is not kept for the next copy. */
const largestKeptBytes = 64 * 1_024;

/** `Application/JSON; charset=utf-8` → `application/json`. */
export function mediaType(contentType: string): string {
  const semicolon = contentType.indexOf(';');
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
}
