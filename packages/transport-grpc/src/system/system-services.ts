import type { IncomingHttpHeaders } from 'node:http2';
import { type EndpointKind, type IncomingCall, noMetadata, type ServedCall, ServiceError } from '@tenon/contract';
import type { CalledEndpoint } from '../server/paths.js';
import type { GrpcType } from '../wire/grpc-types.js';
import { rawCodec } from './raw-codec.js';

/** A service that every gRPC server has beside those of its application, such as its health. Its messages are bytes. */
export interface SystemService {
  /** `grpc.health.v1.Health` */
  readonly name: string;
  readonly methods: Readonly<Record<string, SystemMethod>>;
  /** Ends what goes on by itself: the server leaves. */
  drain(): void;
}

/** One method, of one of two kinds. What it throws or ends with is the call's error. */
export type SystemMethod =
  | { readonly kind: 'unary'; answer(request: Uint8Array): Promise<Uint8Array> }
  | { readonly kind: 'server'; answer(request: Uint8Array, signal: AbortSignal): AsyncIterable<Uint8Array> }
  | {
      readonly kind: 'bidi';
      answer(requests: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncIterable<Uint8Array>;
    };

/** Where a request goes that is for one of them. */
export interface SystemTarget {
  readonly type: GrpcType;
  find(path: string): CalledEndpoint;
  handle(call: IncomingCall): ServedCall;
}

/** The services that the transport itself serves, by their paths. */
export class SystemServices {
  readonly #services: ReadonlyMap<string, SystemService>;
  readonly #type: GrpcType;

  constructor(services: readonly SystemService[]) {
    this.#services = new Map(services.map((service) => [service.name, service]));
    const codec = rawCodec();
    this.#type = Object.freeze({ wire: 'application/grpc', contentType: codec.contentType, codec });
  }

  /**
   * The service that a request is for; undefined where it is for the application.
   *
   * @throws ServiceError `Unimplemented`, `executed: 'no'`, for messages that are not protobuf.
   */
  serviceOf(headers: IncomingHttpHeaders): SystemTarget | undefined {
    const path = headers[':path'] ?? '';
    const slash = path.indexOf('/', 1);
    const service = slash < 0 ? undefined : this.#services.get(path.slice(1, slash));
    if (service === undefined) return undefined;
    if (!protobuf.test(headers['content-type'] ?? '')) throw notProtobuf(service.name);
    const name = path.slice(slash + 1);
    const method = Object.hasOwn(service.methods, name) ? service.methods[name] : undefined;
    return new Target(service.name, name, method, this.#type);
  }

  drain(): void {
    for (const service of this.#services.values()) service.drain();
  }
}

class Target implements SystemTarget {
  constructor(
    private readonly service: string,
    private readonly name: string,
    private readonly method: SystemMethod | undefined,
    readonly type: GrpcType,
  ) {}

  find(): CalledEndpoint {
    const kind: EndpointKind | undefined = this.method?.kind;
    return { service: this.service, endpoint: this.name.slice(0, 100), kind };
  }

  handle(call: IncomingCall): ServedCall {
    const { method } = this;
    const stop = new AbortController();
    if (method === undefined) {
      call.fail(ServiceError.refusal('Unimplemented', `${this.service} has no such method`, { executed: 'no' }));
    } else {
      this.#answer(call, method, stop.signal).catch((thrown: unknown) => call.fail(ServiceError.from(thrown)));
    }
    return { cancel: (reason) => stop.abort(reason) };
  }

  async #answer(call: IncomingCall, method: SystemMethod, signal: AbortSignal): Promise<void> {
    if (method.kind === 'unary') {
      call.reply({ value: await method.answer(call.decode() as Uint8Array), metadata: noMetadata });
      return;
    }
    const messages =
      method.kind === 'server'
        ? method.answer(call.decode() as Uint8Array, signal)
        : method.answer(call.messages() as AsyncIterable<Uint8Array>, signal);
    call.reply({ value: undefined, messages, metadata: noMetadata });
  }
}

const protobuf = /^application\/grpc(?:\+proto)?[ \t]*(?:;.*)?$/i;

function notProtobuf(service: string): ServiceError {
  return ServiceError.refusal('Unimplemented', `${service} speaks protobuf only (application/grpc)`, {
    executed: 'no',
  });
}
