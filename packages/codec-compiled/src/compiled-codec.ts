import {
  Codec,
  type CodecCapabilities,
  type CodecLink,
  type CodecSession,
  Logger,
  type Provider,
  provide,
  type Schema,
  ServiceError,
} from '@tenon/contract';
import { SchemaReader } from '@tenon/schema';
import { LayoutLibrary } from './layout-library.js';
import { LinkedSession } from './linked-session.js';
import { SingleSession } from './single-session.js';

/** Options of {@link compiledCodec}. */
export interface CompiledCodecOptions {
  /**
   * Whether readers and writers of the application's own classes may be generated code. Nothing that comes over a wire is
   * ever in it. Where the process forbids it (`--disallow-code-generation-from-strings`) closures are used whatever is said
   * here: about five times as slow.
   *
   * @defaultValue true
   */
  readonly generateCode?: boolean | undefined;
}

/**
 * Values of DTO classes by position, under `application/vnd.tenon.compiled`: without names, checked and built as they are
 * read. What has no class, or does not fit it, goes by MessagePack, so it needs `msgpackCodec()` beside it.
 *
 * Two sides of a connection agree for each class by itself, and a peer that does not have this codec is spoken to in
 * MessagePack: binding it changes how fast values travel and never which.
 */
export function compiledCodec({ generateCode = true }: CompiledCodecOptions = {}): Provider<Codec> {
  return provide(Codec, [Logger], (logger) => new CompiledCodec(generateCode, logger));
}

class CompiledCodec implements Codec {
  readonly contentType = 'application/vnd.tenon.compiled';
  readonly aliases: readonly string[] = Object.freeze([]);
  readonly capabilities: CodecCapabilities = Object.freeze({
    bytes: true,
    dates: true,
    bigints: true,
    nonFinite: true,
  });
  readonly links = true;
  readonly over = 'application/msgpack';
  readonly #library: LayoutLibrary;

  constructor(generateCode: boolean, logger: Logger) {
    const schemas = new SchemaReader();
    const layoutOf = (schema: Schema) => (typeof schema === 'function' ? schemas.read(schema).layout : undefined);
    this.#library = new LayoutLibrary({ layoutOf, generateCode, logger });
  }

  open({ linked = false, plain }: CodecLink = {}): CodecSession {
    if (plain === undefined) {
      throw new ServiceError('FailedPrecondition', `a session of ${this.contentType} needs one of ${this.over}`, {
        executed: 'no',
      });
    }
    return linked ? new LinkedSession(this.#library, plain) : new SingleSession(this.#library, plain);
  }
}
