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

/** Options of {@link protobufCodec}. */
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
  const { locks = [], generated, generateCode = true } = options;
  const library = (): PlanLibrary => new PlanLibrary({ locks, generateCode });
  // Locks are checked where they are given, and not when the app starts.
  library();
  return provide(Codec, [], () => {
    const plans = library();
    return new ProtobufCodec(plans, new ProtobufSession(plans, generated));
  });
}

class ProtobufCodec implements Codec {
  readonly contentType = 'application/protobuf';
  /** `application/grpc+proto` is gRPC's own: what its transport frames is the type behind the plus, `application/proto`. */
  readonly aliases: readonly string[] = Object.freeze(['application/x-protobuf', 'application/proto']);
  readonly capabilities: CodecCapabilities = Object.freeze({
    bytes: true,
    dates: true,
    bigints: true,
    nonFinite: true,
  });
  readonly #plans: PlanLibrary;
  /** Nothing is kept between values, so all connections share one session. */
  readonly #session: CodecSession;

  constructor(plans: PlanLibrary, session: CodecSession) {
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
