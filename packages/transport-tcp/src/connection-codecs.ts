import {
  type BuildPlan,
  type Codec,
  type CodecSession,
  type Decoder,
  type Encoder,
  type Schema,
  ServiceError,
} from '@tenon/contract';
import { mediaType, openSession } from '@tenon/contract/authoring';
import { learnFrame } from './frame.js';
import type { FrameWriter } from './frame-writer.js';
import type { Hello } from './hello.js';
import { ProtocolViolation } from './protocol-violation.js';

/** The bound codecs of an application, as its side of every connection lists them. */
export class BoundCodecs {
  /**
   * Media types in order of binding, those whose sessions link first, and of these first those that are over another: they
   * fall back to that by themselves.
   */
  readonly contentTypes: readonly string[];
  readonly linked: readonly string[];
  readonly #codecs = new Map<string, Codec>();
  readonly #aliases = new Map<string, string>();
  /** Sessions without state, shared by all connections. */
  readonly #shared = new Map<string, CodecSession>();

  /** A later codec replaces an earlier one of the same type. */
  constructor(codecs: readonly Codec[]) {
    for (const codec of codecs) this.#codecs.set(codec.contentType, codec);
    const bound = [...this.#codecs.values()];
    const typesOf = (some: readonly Codec[]): readonly string[] => some.map(({ contentType }) => contentType);
    const linking = bound.filter(({ links }) => links === true);
    const isOver = ({ over }: Codec): boolean => over !== undefined;
    this.linked = typesOf([...linking.filter(isOver), ...linking.filter((codec) => !isOver(codec))]);
    this.contentTypes = [...this.linked, ...typesOf(bound.filter(({ links }) => links !== true))].slice(0, maxListed);
    for (const { aliases, contentType } of bound) for (const alias of aliases) this.#aliases.set(alias, contentType);
  }

  /** The type that a codec is bound under, by its name as a caller may write it: an alias, or with parameters. */
  typeOf(contentType: string): string {
    const type = mediaType(contentType);
    return this.#codecs.has(type) ? type : (this.#aliases.get(type) ?? type);
  }

  /** Opens a session for one connection, or hands out the shared one. */
  open(contentType: string, linked: boolean): CodecSession {
    const codec = this.#codecs.get(contentType) as Codec;
    if (linked) return openSession(codec, this.#codecs.values(), { linked });
    let session = this.#shared.get(contentType);
    if (session === undefined) {
      session = openSession(codec, this.#codecs.values());
      this.#shared.set(contentType, session);
    }
    return session;
  }
}

/** One codec on one connection, which both sides have. */
export class ConnectionCodec {
  readonly #bound: BoundCodecs;
  /** Made when they are needed: many connections are at rest from their beginning. */
  #encoders: Map<Schema | undefined, Encoder> | undefined;
  #decoders: Map<BuildPlan | Schema | undefined, Decoder> | undefined;
  /** What was asked for last, which the next call mostly asks for again. */
  #lastEncoded: Schema | undefined;
  #lastEncoder: Encoder | undefined;
  #lastDecoded: BuildPlan | Schema | undefined;
  #lastDecoder: Decoder | undefined;
  #session: CodecSession | undefined;

  /**
   * @param peerIndex - its place in the peer's list: what to say when writing.
   * @param linked - whether both sides keep a linked session of it.
   */
  constructor(
    bound: BoundCodecs,
    readonly contentType: string,
    readonly peerIndex: number,
    readonly linked: boolean,
  ) {
    this.#bound = bound;
  }

  get session(): CodecSession {
    this.#session ??= this.#bound.open(this.contentType, this.linked);
    return this.#session;
  }

  encoder(schema: Schema | undefined): Encoder {
    if (this.#lastEncoder !== undefined && schema === this.#lastEncoded) return this.#lastEncoder;
    this.#encoders ??= new Map();
    let encoder = this.#encoders.get(schema);
    if (encoder === undefined) {
      encoder = this.session.encoder(schema);
      this.#encoders.set(schema, encoder);
    }
    this.#lastEncoded = schema;
    this.#lastEncoder = encoder;
    return encoder;
  }

  /** @param plan - with it the decoder is one that may build: see `CodecSession.decoder`. */
  decoder(schema: Schema | undefined, plan?: BuildPlan): Decoder {
    // A plan is that of one schema, so it alone tells the decoder.
    const asked = plan ?? schema;
    if (this.#lastDecoder !== undefined && asked === this.#lastDecoded) return this.#lastDecoder;
    this.#decoders ??= new Map();
    let decoder = this.#decoders.get(asked);
    if (decoder === undefined) {
      decoder = this.session.decoder(schema, plan);
      this.#decoders.set(asked, decoder);
    }
    this.#lastDecoded = asked;
    this.#lastDecoder = decoder;
    return decoder;
  }
}

/** The codecs that the two sides of one connection have in common. */
export class ConnectionCodecs {
  readonly #bound: BoundCodecs;
  readonly #writer: FrameWriter;
  /** By place in our own list, which is how the peer speaks of them; undefined where it does not have that one. */
  readonly #codecs: readonly (ConnectionCodec | undefined)[];
  /** Linked sessions that encoded inside of another encoding, and were not asked what is new yet. */
  #unasked: ConnectionCodec[] = [];

  constructor(bound: BoundCodecs, peer: Hello, writer: FrameWriter) {
    this.#bound = bound;
    this.#writer = writer;
    this.#codecs = bound.contentTypes.map((contentType) => {
      const peerIndex = peer.codecs.indexOf(contentType);
      if (peerIndex < 0) return undefined;
      const linked = bound.linked.includes(contentType) && peer.linked.includes(contentType);
      return new ConnectionCodec(bound, contentType, peerIndex, linked);
    });
  }

  /** The codec to use where a call names none: linked before others, then in order of binding. */
  get preferred(): ConnectionCodec | undefined {
    return this.#codecs.find((codec) => codec?.linked) ?? this.#codecs.find((codec) => codec !== undefined);
  }

  /**
   * The codec that a call asks for.
   *
   * @throws ServiceError `InvalidArgument`, `executed: 'no'`, where one of the sides does not have it.
   */
  named(contentType: string): ConnectionCodec {
    const type = this.#bound.typeOf(contentType);
    const codec = this.#codecs.find((one) => one?.contentType === type);
    if (codec !== undefined) return codec;
    const both = this.#codecs.flatMap((one) => one?.contentType ?? []).join(', ');
    const named = JSON.stringify(contentType.slice(0, 100));
    throw new ServiceError('InvalidArgument', `the two sides have no codec for ${named} in common, but ${both}`, {
      executed: 'no',
    });
  }

  /** The codec that the peer speaks of. @throws ProtocolViolation where there is none such. */
  told(index: number): ConnectionCodec {
    const codec = this.#codecs[index];
    if (codec === undefined) throw new ProtocolViolation(`there is no codec with the number ${index}`);
    return codec;
  }

  /** To be called after each encoding by a linked codec, when its frame has ended: tells the peer what is new. */
  encoded(codec: ConnectionCodec): void {
    if (this.#writer.open) {
      // Not yet: the encoding around this one may go on to use what the peer would learn only after it.
      this.#unasked.push(codec);
      return;
    }
    this.#announce(codec);
    if (this.#unasked.length > 0) for (const other of this.#unasked.splice(0)) this.#announce(other);
  }

  /** Takes a LEARN frame's payload. @throws ProtocolViolation */
  learn(buffer: Buffer, start: number, end: number): void {
    if (start === end) throw new ProtocolViolation('LEARN of nothing');
    const codec = this.told(buffer[start] as number);
    if (!codec.linked) throw new ProtocolViolation(`LEARN for ${codec.contentType}, which is not linked`);
    try {
      codec.session.learn?.(buffer, start + 1, end);
    } catch (thrown) {
      throw new ProtocolViolation(`LEARN that ${codec.contentType} refuses`, { cause: thrown });
    }
    // It may have an answer.
    this.encoded(codec);
  }

  #announce(codec: ConnectionCodec): void {
    const writer = this.#writer;
    for (let news = codec.session.announce?.(); news !== undefined; news = codec.session.announce?.()) {
      writer.begin(learnFrame, 0);
      writer.ensure(1 + news.length);
      writer.buffer[writer.position] = codec.peerIndex;
      writer.buffer.set(news, writer.position + 1);
      writer.position += 1 + news.length;
      writer.end();
    }
  }
}

/** As many as a greeting may list. */
const maxListed = 32;
