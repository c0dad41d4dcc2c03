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
  type Port,
  type Provider,
  provide,
  ServiceError,
  Transport,
} from '@tenon/contract';
import { CodecSet } from '@tenon/contract/authoring';
import type { ClientDialect } from './client-dialect.js';
import { HttpConnection } from './http-connection.js';
import { HttpListener } from './http-listener.js';
import { type HttpOptions, type ResolvedHttpOptions, resolveHttpOptions } from './http-options.js';
import { MucpClient } from './mucp-client.js';
import { MucpServer } from './mucp-server.js';
import { type Dialect, dialectOf, httpAddress } from './node-address.js';
import { PlainClient } from './plain-client.js';
import { PlainServer } from './plain-server.js';

/**
 * Calls over HTTP/1.1. A server answers people and Tenon nodes (`POST /greeter/Greeter.Hello`) and go-micro nodes
 * (mucp) on one port; a client speaks to each node what that node understands. Needs a codec.
 *
 * Throws `InvalidArgument` on an option out of range.
 */
export function httpTransport(options: HttpOptions = {}): Provider<Transport> {
  const resolved = resolveHttpOptions(options);
  return provide(
    Transport,
    [all(Codec), Clock, Logger],
    (codecs, clock, logger) => new HttpTransport(resolved, new CodecSet(codecs), clock, logger),
  );
}

class HttpTransport implements Transport {
  readonly name = 'http';
  readonly kinds: readonly EndpointKind[] = Object.freeze(['unary']);
  readonly #options: ResolvedHttpOptions;
  readonly #codecs: CodecSet;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #clients: Readonly<Record<Dialect, ClientDialect>>;

  constructor(options: ResolvedHttpOptions, codecs: CodecSet, clock: Clock, logger: Logger) {
    this.#options = options;
    this.#codecs = codecs;
    this.#clock = clock;
    this.#logger = logger;
    this.#clients = { plain: new PlainClient(codecs, options), mucp: new MucpClient(codecs, options) };
  }

  reaches(node: Node): boolean {
    return dialectOf(node) !== undefined && httpAddress(node.address) !== undefined;
  }

  async dial(node: Node, options: { readonly signal?: AbortSignal | undefined }): Promise<Connection> {
    if (options.signal?.aborted) {
      throw new ServiceError('Canceled', 'dialling was cancelled', { executed: 'no', node: node.id });
    }
    const address = httpAddress(node.address);
    const dialect = dialectOf(node);
    if (address === undefined || dialect === undefined) {
      const text = `node ${node.id} at ${JSON.stringify(node.address)} cannot be reached over http`;
      throw new ServiceError('Unavailable', text, { executed: 'no', node: node.id });
    }
    return new HttpConnection(node, address, this.#clients[dialect], this.#options, this.#clock);
  }

  async listen(port: Port, handler: CallHandler): Promise<Listener> {
    const dialects = { plain: new PlainServer(this.#codecs, this.#logger), mucp: new MucpServer(this.#codecs) };
    const surroundings = { clock: this.#clock, logger: this.#logger, maxMessageBytes: port.maxMessageBytes };
    const listener = new HttpListener(dialects, handler, surroundings);
    port.claimHttp(listener);
    return listener;
  }
}
