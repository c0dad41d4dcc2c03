import {
  all,
  type CallHandler,
  Clock,
  Codec,
  type Connection,
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
import { CodecSet, DeadlineWheel } from '@tenon/contract/authoring';
import { BodyEncoder } from './body-encoder.js';
import { clearDialer, tlsDialer } from './dialer.js';
import { type CallCarrier, HttpConnection } from './http-connection.js';
import { HttpListener } from './http-listener.js';
import { type HttpOptions, type ResolvedHttpOptions, resolveHttpOptions } from './http-options.js';
import { Http1Carrier } from './http1-carrier.js';
import { Http2Carrier } from './http2-carrier.js';
import { MucpClient } from './mucp-client.js';
import { MucpServer } from './mucp-server.js';
import { type Dialect, dialectOf, type HttpAddress, hostAndPort, httpAddress } from './node-address.js';
import { PlainClient } from './plain-client.js';
import { PlainServer } from './plain-server.js';

/**
 * Calls over HTTP: HTTP/1.1 in the clear, HTTP/2 where TLS is bound. A server answers people and Tenon nodes
 * (`POST /greeter/Greeter.Hello`) and go-micro nodes (mucp) on one port; a client speaks to each node what that node
 * understands. Needs a codec.
 *
 * Over HTTP/1.1 it carries unary calls and server streams, over HTTP/2 all kinds. What comes to a server over HTTP/1.1
 * under TLS is answered too.
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
    const { clock } = this.#parts;
    const surroundings = {
      clock,
      wheel: this.#wheel,
      dialect: dialect === 'plain' ? this.#plain : this.#mucp,
      bodies: this.#bodies,
      maxMessageBytes: this.#options.maxMessageBytes,
      node: node.id,
    };
    this.#connections += 1;
    const carrier = this.#carrier(address, dialect, options.service);
    return new HttpConnection(carrier, this.#options, surroundings, () => {
      this.#connections -= 1;
      // Its timer is for calls alone.
      if (this.#connections === 0) this.#wheel.close();
    });
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
    port.claimHttp2({ name: 'http', accepts: isPlainHttp2, handle: listener.handleHttp2 });
    return listener;
  }

  #carrier(address: HttpAddress, dialect: Dialect, service: string): CallCarrier {
    const { tls, clock } = this.#parts;
    const kinds = dialect === 'plain' ? clearKinds : unaryAlone;
    if (tls === undefined) return new Http1Carrier(address, kinds, clearDialer(address), this.#options, clock);
    if (dialect === 'plain') {
      const dialer = tlsDialer(address, service, 'h2', tls);
      return new Http2Carrier(`https://${hostAndPort(address)}`, dialer, this.#options, clock);
    }
    return new Http1Carrier(address, kinds, tlsDialer(address, service, 'http/1.1', tls), this.#options, clock);
  }
}

/** gRPC has its own claimant, or none: it is not answered in another protocol. */
function isPlainHttp2(headers: { readonly 'content-type'?: string | undefined }): boolean {
  return !/^application\/grpc(?:$|[+;-])/i.test(headers['content-type'] ?? '');
}

const allKinds: readonly EndpointKind[] = Object.freeze(['unary', 'server', 'client', 'bidi']);
const clearKinds: readonly EndpointKind[] = Object.freeze(['unary', 'server']);
const unaryAlone: readonly EndpointKind[] = Object.freeze(['unary']);
