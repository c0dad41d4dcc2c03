import {
  all,
  type CallHandler,
  Clock,
  Codec,
  type Connection,
  type EndpointDescriptor,
  type EndpointKind,
  type Listener,
  Logger,
  type Node,
  optional,
  type Port,
  type Provider,
  provide,
  ServiceError,
  Tls,
  Transport,
} from '@tenon/contract';
import { CodecSet, DeadlineWheel, joinHostAndPort } from '@tenon/contract/authoring';
import { clearDialer, Http2Links, type HttpAddress, tlsDialer } from '@tenon/http';
import { GrpcConnection } from './client/grpc-connection.js';
import { isTenon } from './client/request-template.js';
import { type GrpcOptions, type ResolvedGrpcOptions, resolveGrpcOptions } from './grpc-options.js';
import { grpcAddress, speaksGrpc } from './node-address.js';
import { GrpcListener } from './server/grpc-listener.js';
import { HealthService } from './system/health-service.js';
import { reflectionServices } from './system/reflection-service.js';
import { SystemServices } from './system/system-services.js';
import { GrpcTypes } from './wire/grpc-types.js';
import { MessageEncoder } from './wire/message-encoder.js';

/**
 * Calls over gRPC: unary and streams of all kinds, over HTTP/2 in the clear and under TLS, on the port that the server's other
 * transports share. A server answers whoever speaks gRPC, `grpc.health.v1.Health` included; a client calls Tenon nodes, go-micro's
 * and any other gRPC server. Needs a codec.
 *
 * @throws ServiceError `InvalidArgument` on an option out of range; `FailedPrecondition`, when the application is made, where no
 * codec is bound.
 *
 * @example
 * const app = await createApp({ services: [Greeter], modules: [jsonCodec(), grpcTransport()] });
 */
export function grpcTransport(options: GrpcOptions = {}): Provider<Transport> {
  const resolved = resolveGrpcOptions(options);
  return provide(
    Transport,
    [all(Codec), optional(Tls), Clock, Logger],
    (codecs, tls, clock, logger) => new GrpcTransport(resolved, { codecs, tls, clock, logger }),
  );
}

interface GrpcTransportParts {
  readonly codecs: readonly Codec[];
  readonly tls: Tls | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

class GrpcTransport implements Transport {
  readonly name = 'grpc';
  readonly kinds: readonly EndpointKind[] = Object.freeze(['unary', 'server', 'client', 'bidi']);
  readonly #options: ResolvedGrpcOptions;
  readonly #parts: GrpcTransportParts;
  readonly #codecs: CodecSet;
  readonly #types: GrpcTypes;
  readonly #encoder: MessageEncoder;
  readonly #wheel: DeadlineWheel;
  #connections = 0;

  constructor(options: ResolvedGrpcOptions, parts: GrpcTransportParts) {
    const { codecs, clock } = parts;
    if (codecs.length === 0) throw noCodec();
    this.#options = options;
    this.#parts = parts;
    this.#codecs = new CodecSet(codecs);
    this.#types = new GrpcTypes(this.#codecs);
    this.#encoder = new MessageEncoder(codecs, this.#codecs, options.maxMessageBytes);
    this.#wheel = new DeadlineWheel(clock);
  }

  reaches(node: Node): boolean {
    return speaksGrpc(node) && grpcAddress(node.address) !== undefined;
  }

  async dial(
    node: Node,
    { service, signal }: { readonly service: string; readonly signal?: AbortSignal | undefined },
  ): Promise<Connection> {
    if (signal?.aborted) {
      throw new ServiceError('Canceled', 'dialling was cancelled', { executed: 'no', node: node.id });
    }
    const address = grpcAddress(node.address);
    if (address === undefined) {
      const text = `node ${node.id} at ${JSON.stringify(node.address)} cannot be reached over gRPC`;
      throw new ServiceError('Unavailable', text, { executed: 'no', node: node.id });
    }
    const { maxMessageBytes, compression } = this.#options;
    this.#connections += 1;
    return new GrpcConnection({
      links: this.#links(address, service),
      node,
      clock: this.#parts.clock,
      wheel: this.#wheel,
      types: this.#types,
      encoder: this.#encoder,
      maxMessageBytes,
      compression,
      contentTypeOf: (endpoint) => this.#contentTypeOf(endpoint, node),
      onClosed: () => {
        this.#connections -= 1;
        // Its timer is for calls alone.
        if (this.#connections === 0) this.#wheel.close();
      },
    });
  }

  async listen(port: Port, handler: CallHandler): Promise<Listener> {
    const { clock, logger, codecs } = this.#parts;
    const { compression, trailing, reflection, locks } = this.#options;
    const { maxMessageBytes } = port;
    const encoder = new MessageEncoder(codecs, this.#codecs, maxMessageBytes);
    const system = new SystemServices([
      new HealthService(handler, clock),
      ...(reflection ? reflectionServices({ handler, locks, logger }) : []),
    ]);
    const surroundings = { clock, logger, encoder, maxMessageBytes, compression, trailing };
    const listener = new GrpcListener(handler, system, this.#types, surroundings);
    port.claimHttp2({ name: 'grpc', accepts: listener.accepts, handle: listener.handle });
    return listener;
  }

  #links(address: HttpAddress, service: string): Http2Links {
    const { tls, clock } = this.#parts;
    const scheme = tls === undefined ? 'http' : 'https';
    const dialer = tls === undefined ? clearDialer(address) : tlsDialer(address, service, 'h2', tls);
    const authority = `${scheme}://${joinHostAndPort(address.host, address.port)}`;
    return new Http2Links({ authority, dialer, options: this.#options, clock });
  }

  /**
   * Where no call says otherwise: strangers speak protobuf, which wants to know the classes; Tenon nodes have codecs that go by the
   * names of fields, so that two versions of a class understand each other without further ado.
   */
  #contentTypeOf({ request, response }: EndpointDescriptor, node: Node): string {
    const { contentType } = this.#options;
    if (contentType !== undefined) return contentType;
    if (isTenon(node)) return this.#codecs.has(msgpack) ? msgpack : json;
    return this.#codecs.has(protobuf) && request !== undefined && response !== undefined ? protobuf : json;
  }
}

const msgpack = 'application/msgpack';
const protobuf = 'application/protobuf';
const json = 'application/json';

function noCodec(): ServiceError {
  return new ServiceError(
    'FailedPrecondition',
    'grpcTransport needs a codec: bind one, such as jsonCodec() of @tenon/codec-json',
    { executed: 'no' },
  );
}
