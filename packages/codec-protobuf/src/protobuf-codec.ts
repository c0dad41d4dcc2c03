import {
  Codec,
  type CodecCapabilities,
  type CodecSession,
  type Provider,
  provide,
  type ServedService,
} from '@tenon/contract';
import type { ProtoLock } from '@tenon/protobuf/messages';
import type { GeneratedMessages } from './generated-schema.js';
import { PlanLibrary } from './plan-library.js';
import { ProtobufSession } from './protobuf-session.js';

/** Options of {@link protobufCodec} and {@link protoRpcCodec}. */
export interface ProtobufCodecOptions {
  /**
   * The locks of the services that are served and called, as `parseProtoLock` of @tenon/protobuf reads them. With
   * one, every class must be in one and agree with it: a served class that does not is refused at start, others at their first
   * use. Without, fields are numbered from 1 in the order of their class, so that removing or moving one breaks peers of
   * another version.
   *
   * @defaultValue []
   */
  readonly locks?: readonly ProtoLock[] | undefined;
  /**
   * Generated messages that may be sent where an endpoint names no schema, as `generatedMessages(file_greeter)` of
   * `@tenon/codec-protobuf/generated` makes them. Reading needs a schema in any case.
   *
   * @defaultValue none
   */
  readonly generated?: GeneratedMessages | undefined;
  /**
   * Whether readers and writers of the application's own classes may be generated code. Nothing that comes over a wire is
   * ever in it. Where the process forbids it (`--disallow-code-generation-from-strings`) closures are used whatever is said
   * here: several times as slow.
   *
   * @defaultValue true
   */
  readonly generateCode?: boolean | undefined;
}

/**
 * protobuf under `application/protobuf`: messages derived from DTO classes, and generated messages of @bufbuild/protobuf.
 *
 * It needs a schema for each value. What a class cannot say in protobuf is refused with `FailedPrecondition` that names class
 * and field; a value that does not fit its class, and a value without a schema, with `InvalidArgument`.
 *
 * @throws ServiceError `FailedPrecondition` on a lock that is malformed, or two that number a message differently.
 */
export function protobufCodec(options: ProtobufCodecOptions = {}): Provider<Codec> {
  const make = maker(options);
  return provide(Codec, [], () => new ProtobufCodec(types.protobuf, make()));
}

/** What both codecs are made with: options are read once, classes once for each codec. */
export function maker(options: ProtobufCodecOptions): () => CodecParts {
  const { locks = [], generated, generateCode = true } = options;
  const library = () => new PlanLibrary({ locks, generateCode });
  library();
  return () => {
    const plans = library();
    return { plans, session: new ProtobufSession(plans, generated) };
  };
}

export interface CodecParts {
  readonly plans: PlanLibrary;
  readonly session: CodecSession;
}

/** One content type over messages. Nothing is kept between values, so all connections share one session. */
export class ProtobufCodec implements Codec {
  readonly contentType: string;
  readonly aliases: readonly string[];
  readonly capabilities: CodecCapabilities = Object.freeze({
    bytes: true,
    dates: true,
    bigints: true,
    nonFinite: true,
  });
  readonly #plans: PlanLibrary;
  readonly #session: CodecSession;

  constructor([contentType, ...aliases]: readonly [string, ...string[]], { plans, session }: CodecParts) {
    this.contentType = contentType;
    this.aliases = Object.freeze(aliases);
    this.#plans = plans;
    this.#session = session;
  }

  open(): CodecSession {
    return this.#session;
  }

  checkService(service: ServedService): void {
    this.#plans.checkService(service);
  }
}

/** `application/grpc+proto` is gRPC's own: its transport asks for what is behind the plus by `application/proto`. */
const types = Object.freeze({
  protobuf: Object.freeze(['application/protobuf', 'application/x-protobuf', 'application/proto'] as const),
});
