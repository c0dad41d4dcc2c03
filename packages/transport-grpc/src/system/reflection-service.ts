import {
  file_google_protobuf_any,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt';
import { type CallHandler, codes, type Logger, ServiceError } from '@tenon/contract';
import { type ProtoLock, protoFileOfRecord } from '@tenon/protobuf';
import { DescriptorFiles } from './descriptor-files.js';
import { healthDescriptor } from './health-descriptor.js';
import { type ReflectionAnswer, type ReflectionRequest, readRequest, writeResponse } from './reflection-messages.js';
import type { SystemMethod, SystemService } from './system-services.js';

/** What reflection is answered with. */
export interface ReflectionParts {
  readonly handler: CallHandler;
  /** The numbers of fields, where services keep them. */
  readonly locks: readonly ProtoLock[];
  readonly logger: Logger;
}

/** The two versions of the protocol, which differ by name alone. */
const versions = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'] as const;

/**
 * `grpc.reflection.v1.ServerReflection`, and `v1alpha` for older tools: what the services here are in protobuf, derived from their
 * classes. A service that protobuf cannot express is left out, with a warning that says why.
 */
export function reflectionServices(parts: ReflectionParts): readonly SystemService[] {
  let files: DescriptorFiles | undefined;
  const known = (): DescriptorFiles => {
    files ??= filesOf(parts);
    return files;
  };
  return versions.map((name) => new ReflectionService(name, known));
}

class ReflectionService implements SystemService {
  readonly methods: Readonly<Record<string, SystemMethod>>;
  /** Each asks one question, and streams of them may stay open for long. */
  readonly #streams = new Set<AbortController>();
  #draining = false;

  constructor(
    readonly name: string,
    private readonly files: () => DescriptorFiles,
  ) {
    this.methods = Object.freeze({
      ServerReflectionInfo: {
        kind: 'bidi',
        answer: (requests: AsyncIterable<Uint8Array>) => this.#answerAll(requests),
      },
    } as const);
  }

  drain(): void {
    this.#draining = true;
    for (const stream of this.#streams) stream.abort();
  }

  async *#answerAll(requests: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    const stop = new AbortController();
    this.#streams.add(stop);
    const iterator = requests[Symbol.asyncIterator]();
    const stopped = new Promise<undefined>((resolve) =>
      stop.signal.addEventListener('abort', () => resolve(undefined)),
    );
    try {
      while (!this.#draining) {
        const next = await Promise.race([iterator.next(), stopped]);
        if (next === undefined) break;
        if (next.done === true) return;
        yield this.#answer(next.value);
      }
      throw ServiceError.refusal('Unavailable', 'the server is stopping', { executed: 'yes' });
    } finally {
      this.#streams.delete(stop);
      await iterator.return?.();
    }
  }

  #answer(bytes: Uint8Array): Uint8Array {
    const request = readRequest(bytes);
    return writeResponse(request, this.#found(request));
  }

  #found({ asked, text }: ReflectionRequest): ReflectionAnswer {
    const files = this.files();
    if (asked === 'services') return { services: files.services };
    const found = asked === 'file' ? files.named(text) : asked === 'symbol' ? files.defining(text) : undefined;
    if (found !== undefined) return { files: found };
    const [code, message] =
      asked === 'other'
        ? (['Unimplemented', 'there are no extensions in proto3'] as const)
        : (['NotFound', `there is no ${asked} ${text.slice(0, 200)}`] as const);
    return { code: codes[code].number, message };
  }
}

function filesOf({ handler, locks, logger }: ReflectionParts): DescriptorFiles {
  const files = new DescriptorFiles();
  for (const record of handler.services?.() ?? []) {
    try {
      const lock = locks.find(({ service }) => service === record.name);
      files.add(protoFileOfRecord(record, lock === undefined ? {} : { lock }).descriptor);
    } catch (error) {
      logger.warn('a service cannot be told of by gRPC reflection', { service: record.name, error });
    }
  }
  files.add(healthDescriptor());
  for (const { proto } of wellKnown) files.add(proto);
  return files;
}

const wellKnown = [
  file_google_protobuf_any,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
];
