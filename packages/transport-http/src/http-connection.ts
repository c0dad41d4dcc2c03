import { type Call, type Clock, type Connection, type Node, type Reply, ServiceError } from '@tenon/contract';
import type { ClientDialect } from './client-dialect.js';
import { ClientExchange, type ConnectionSurroundings } from './client-exchange.js';
import type { ResolvedHttpOptions } from './http-options.js';
import { KeepAliveAgent } from './keep-alive-agent.js';
import type { HttpAddress } from './node-address.js';

/** The way to one node: a pool of sockets, each with one call at a time. */
export class HttpConnection implements Connection {
  readonly #node: Node;
  readonly #dialect: ClientDialect;
  readonly #surroundings: ConnectionSurroundings;
  readonly #underWay = new Set<ClientExchange>();
  #state: 'open' | 'draining' | 'closed' = 'open';
  #onIdle: (() => void)[] = [];

  constructor(node: Node, address: HttpAddress, dialect: ClientDialect, options: ResolvedHttpOptions, clock: Clock) {
    this.#node = node;
    this.#dialect = dialect;
    this.#surroundings = { address, options, clock, pool: new KeepAliveAgent(address, options, clock) };
  }

  async unary(call: Call): Promise<Reply> {
    try {
      return await this.#call(call);
    } catch (thrown) {
      throw this.#named(ServiceError.from(thrown), call);
    }
  }

  async drain(): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining';
    if (this.#underWay.size > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    await this.close();
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    for (const exchange of [...this.#underWay]) exchange.end();
    this.#surroundings.pool.destroy();
  }

  async #call(call: Call): Promise<Reply> {
    const leftMs = call.deadline - this.#surroundings.clock.now();
    this.#refuse(call, leftMs);
    const message = this.#dialect.request(call, leftMs, this.#node.id);
    this.#surroundings.pool.sweep();
    const exchange = new ClientExchange(message, call, this.#surroundings);
    this.#underWay.add(exchange);
    try {
      return this.#dialect.reply(call, await exchange.response);
    } finally {
      this.#underWay.delete(exchange);
      if (this.#underWay.size === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
    }
  }

  #refuse(call: Call, leftMs: number): void {
    const no = { executed: 'no' } as const;
    if (this.#state === 'closed') throw new ServiceError('FailedPrecondition', 'the connection is closed', no);
    if (this.#state === 'draining') throw new ServiceError('Unavailable', 'the connection takes no further calls', no);
    if (call.endpoint.kind !== 'unary') {
      throw new ServiceError('Unimplemented', `a ${call.endpoint.kind} stream cannot be called over http`, no);
    }
    if (call.signal?.aborted) {
      throw new ServiceError('Canceled', 'the call was cancelled before it began', {
        ...no,
        cause: call.signal.reason,
      });
    }
    if (leftMs <= 0)
      throw new ServiceError('DeadlineExceeded', 'the time for the call had run out before it began', no);
  }

  /** Says in the error which call it was, where whoever made it did not. */
  #named(error: ServiceError, { endpoint }: Call): ServiceError {
    return error.with({
      service: error.service ?? endpoint.service,
      endpoint: error.endpoint ?? endpoint.name,
      node: error.node ?? (this.#node.id || undefined),
    });
  }
}
