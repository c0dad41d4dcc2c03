import { type Call, type Clock, type Connection, type Reply, ServiceError } from '@tenon/contract';
import { type DeadlineWheel, UnderWay } from '@tenon/contract/authoring';
import { type Dialer, namedError, refusalOf } from '@tenon/http';
import type { ResolvedHttpOptions } from '../http-options.js';
import { SilenceWatch } from '../silence-watch.js';
import { ClientStream, type ClientStreamSurroundings } from './client-stream.js';
import type { MucpClient } from './mucp-client.js';
import { StreamRequest } from './stream-request.js';

/** What a {@link MucpConnection} works with. */
export interface MucpConnectionParts {
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly dialect: MucpClient;
  readonly dialer: Dialer;
  readonly options: ResolvedHttpOptions;
  /** For errors: the id of the node. */
  readonly node: string;
  /** As it stands in `Host`. */
  readonly host: string;
}

/** The way to a go-micro node: unary calls share its sockets, each stream has one of its own. */
export class MucpConnection implements Connection {
  readonly #unary: Connection & Required<Pick<Connection, 'probe'>>;
  readonly #parts: MucpConnectionParts;
  readonly #surroundings: ClientStreamSurroundings;
  readonly #streams = new UnderWay<ClientStream>();
  readonly #watch: SilenceWatch<ClientStream>;
  #state: 'open' | 'draining' | 'closed' = 'open';

  constructor(unary: Connection & Required<Pick<Connection, 'probe'>>, parts: MucpConnectionParts) {
    this.#unary = unary;
    this.#parts = parts;
    this.#surroundings = { ...parts, onOver: (stream) => this.#streams.remove(stream) };
    const { options, clock } = parts;
    const probe = (timeoutMs: number): Promise<boolean> => unary.probe(timeoutMs);
    this.#watch = new SilenceWatch({ ...options, clock, underWay: this.#streams, probe });
  }

  unary(call: Call): Promise<Reply> {
    return this.#unary.unary(call);
  }

  stream(call: Call): Promise<Reply> {
    // Another state, or kind, is refused as for every other call.
    if (this.#state !== 'open' || call.endpoint.kind === 'unary') return this.#unary.stream(call);
    try {
      return this.#begin(call).reply;
    } catch (thrown) {
      return Promise.reject(namedError(ServiceError.from(thrown), call, this.#parts.node));
    }
  }

  probe(timeoutMs: number): Promise<boolean> {
    return this.#unary.probe(timeoutMs);
  }

  async drain(): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining';
    await Promise.all([this.#streams.emptied(), this.#unary.drain()]);
    await this.close();
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    for (const stream of this.#streams.all()) stream.end();
    this.#watch.stop();
    await this.#unary.close();
  }

  #begin(call: Call): ClientStream {
    const { clock, dialect, options, host } = this.#parts;
    const leftMs = call.deadline === Number.POSITIVE_INFINITY ? call.deadline : call.deadline - clock.now();
    const refused = refusalOf(call, leftMs);
    if (refused !== undefined) throw refused;
    const request = new StreamRequest(call, leftMs, host, dialect, options.maxMessageBytes);
    const stream = new ClientStream(call, request, this.#surroundings);
    this.#streams.add(stream);
    this.#watch.begin();
    return stream;
  }
}
