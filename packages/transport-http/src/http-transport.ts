import {
  all,
  type CallHandler,
  Clock,
  Codec,
  type Connection,
  type EndpointKind,
  type HttpHead,
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
import { clearDialer, type HttpAddress, httpAddress, tlsDialer } from '@tenon/http';
import { BodyEncoder } from './body-encoder.js';
import type { ClientCallSurroundings } from './client-call.js';
import type { ClientDialect } from './client-dialect.js';
import { type CallCarrier, HttpConnection } from './http-connection.js';
import { HttpListener } from './http-listener.js';
import { type HttpOptions, type ResolvedHttpOptions, resolveHttpOptions } from './http-options.js';
import { Http1Carrier } from './http1-carrier.js';
import { Http2Carrier } from './http2-carrier.js';
import { MucpClient } from './mucp/mucp-client.js';
import { MucpConnection } from './mucp/mucp-connection.js';
import { MucpServer } from './mucp/mucp-server.js';
import { dialectOf } from './node-address.js';
import { PlainClient } from './plain-client.js';
import { PlainServer } from './plain-server.js';

/**
 * Calls over HTTP: HTTP/1.1 in the clear, HTTP/2 where TLS is bound. A server answers people and Tenon nodes
 * (`POST /greeter/Greeter.Hello`) and go-micro nodes (mucp) on one port; a client speaks to each node what that node
 * understands. Needs a codec.
 *
 * Between Tenon nodes it carries unary calls and server streams over HTTP/1.1, and all kinds over HTTP/2; to and from
 * go-micro nodes all kinds. What comes to a server over HTTP/1.1 under TLS is answered too.
 *
 * Throws `InvalidArgument` on an option out of range.
 */
export function httpTransport(options: HttpOptions = {}): Provider<Transport> {
  const resolved = resolveHttpOptions(options);
  return provide(
    Transport,
    [all(Codec), optional(Tls), Clock, Logger],
    (codecs, tls, clock, logger) => new HttpTransport(resolved, { codecs, tls, clock, logger }),
  );
}

interface HttpTransportParts {
  readonly codecs: readonly Codec[];
  readonly tls: Tls | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

class HttpTransport implements Transport {
  readonly name = 'http';
  readonly kinds: readonly EndpointKind[];
  readonly #options: ResolvedHttpOptions;
  readonly #parts: HttpTransportParts;
  readonly #codecs: CodecSet;
  readonly #bodies: BodyEncoder;
  readonly #plain: PlainClient;
  readonly #mucp: MucpClient;
  readonly #legacy: MucpClient;
  readonly #wheel: DeadlineWheel;
  #connections = 0;

  constructor(options: ResolvedHttpOptions, parts: HttpTransportParts) {
    this.kinds = parts.tls === undefined ? clearKinds : allKinds;
    this.#options = options;
    this.#parts = parts;
    this.#codecs = new CodecSet(parts.codecs);
    this.#bodies = new BodyEncoder(parts.codecs, this.#codecs, options.maxMessageBytes);
    this.#plain = new PlainClient(this.#codecs, options);
    this.#mucp = new MucpClient(this.#codecs);
    this.#legacy = new MucpClient(this.#codecs, true);
    this.#wheel = new DeadlineWheel(parts.clock);
  }

  reaches(node: Node): boolean {
    return dialectOf(node) !== undefined && httpAddress(node.address) !== undefined;
  }

  async dial(
    node: Node,
    options: { readonly service: string; readonly signal?: AbortSignal | undefined },
  ): Promise<Connection> {
    if (options.signal?.aborted) {
      throw new ServiceError('Canceled', 'dialling was cancelled', { executed: 'no', node: node.id });
    }
    const address = httpAddress(node.address);
    const dialect = dialectOf(node);
    if (address === undefined || dialect === undefined) {
      const text = `node ${node.id} at ${JSON.stringify(node.address)} cannot be reached over http`;
      throw new ServiceError('Unavailable', text, { executed: 'no', node: node.id });
    }
    this.#connections += 1;
    const onClosed = (): void => {
      this.#connections -= 1;
      // Its timer is for calls alone.
      if (this.#connections === 0) this.#wheel.close();
    };
    const { service } = options;
    return dialect === 'plain'
      ? new HttpConnection(this.#carrier(address, service), this.#options, this.#around(this.#plain, node), onClosed)
      : this.#mucpConnection(address, node, service, dialect === 'mucp' ? this.#mucp : this.#legacy, onClosed);
  }

  async listen(port: Port, handler: CallHandler): Promise<Listener> {
    const { clock, logger } = this.#parts;
    const codecs = this.#codecs;
    const { maxMessageBytes } = port;
    const bodies = new BodyEncoder(this.#parts.codecs, codecs, maxMessageBytes);
    const dialects = { plain: new PlainServer(codecs, bodies, logger), mucp: new MucpServer(codecs, bodies) };
    const surroundings = { clock, logger, codecs, maxMessageBytes };
    const listener = new HttpListener(dialects, handler, surroundings);
    // Whatever is HTTP: a request for nothing gets an answer that says how to ask.
    const { handle, whole } = listener;
    port.claimHttp({ name: 'http', accepts: () => true, handle, whole });
    port.claimHttpConnection({ name: 'mucp', accepts: isMucpStream, handle: listener.handleStream });
    port.claimHttp2({ name: 'http', accepts: isPlainHttp2, handle: listener.handleHttp2 });
    return listener;
  }

  #around(dialect: ClientDialect, node: Node): Omit<ClientCallSurroundings, 'onOver'> {
    const { maxMessageBytes } = this.#options;
    return {
      clock: this.#parts.clock,
      wheel: this.#wheel,
      dialect,
      bodies: this.#bodies,
      maxMessageBytes,
      node: node.id,
    };
  }

  #carrier(address: HttpAddress, service: string): CallCarrier {
    const { tls, clock } = this.#parts;
    if (tls === undefined) return new Http1Carrier(address, clearKinds, clearDialer(address), this.#options, clock);
    const dialer = tlsDialer(address, service, 'h2', tls);
    const authority = `https://${joinHostAndPort(address.host, address.port)}`;
    return new Http2Carrier(authority, dialer, this.#options, clock);
  }

  #mucpConnection(
    address: HttpAddress,
    node: Node,
    service: string,
    dialect: MucpClient,
    onClosed: () => void,
  ): Connection {
    const { tls, clock } = this.#parts;
    const dialer = tls === undefined ? clearDialer(address) : tlsDialer(address, service, 'http/1.1', tls);
    const carrier = new Http1Carrier(address, unaryAlone, dialer, this.#options, clock);
    const unary = new HttpConnection(carrier, this.#options, this.#around(dialect, node), onClosed);
    const host = joinHostAndPort(address.host, address.port);
    const parts = { clock, wheel: this.#wheel, dialect, dialer, options: this.#options, node: node.id, host };
    return new MucpConnection(unary, parts);
  }
}

/** gRPC has its own claimant, or none: it is not answered in another protocol. */
function isPlainHttp2(headers: { readonly 'content-type'?: string | undefined }): boolean {
  return !/^application\/grpc(?:$|[+;-])/i.test(headers['content-type'] ?? '');
}

/** A stream of go-micro's, which has a connection of its own. What waits for leave to go on is Node's to answer. */
function isMucpStream({ headers }: HttpHead): boolean {
  const stream = headers['micro-stream'] ?? headers['x-micro-stream'];
  return stream !== undefined && headers.expect === undefined && headers.upgrade === undefined;
}

const allKinds: readonly EndpointKind[] = Object.freeze(['unary', 'server', 'client', 'bidi']);
const clearKinds: readonly EndpointKind[] = Object.freeze(['unary', 'server']);
const unaryAlone: readonly EndpointKind[] = Object.freeze(['unary']);
