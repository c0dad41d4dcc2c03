import type { IncomingMessage, ServerResponse } from 'node:http';
import { type CallHandler, type HttpClaim, type Listener, ServiceError } from '@tenon/contract';
import { isMucp } from './mucp-server.js';
import type { ServerDialect } from './server-dialect.js';
import { type ExchangeSurroundings, ServerExchange } from './server-exchange.js';

/** Answers the HTTP requests of a port, each in the dialect that it came in. */
export class HttpListener implements Listener, HttpClaim {
  readonly name = 'http';
  /** It shares the port of its server. */
  readonly address = '';
  /** What go-micro looks for before it calls a node. */
  readonly metadata = Object.freeze({ protocol: 'mucp', transport: 'http', server: 'mucp' });
  readonly #plain: ServerDialect;
  readonly #mucp: ServerDialect;
  readonly #handler: CallHandler;
  readonly #surroundings: ExchangeSurroundings;
  readonly #underWay = new Set<ServerExchange>();
  #onIdle: (() => void)[] = [];
  #refusing = false;

  constructor(
    dialects: { readonly plain: ServerDialect; readonly mucp: ServerDialect },
    handler: CallHandler,
    surroundings: ExchangeSurroundings,
  ) {
    this.#plain = dialects.plain;
    this.#mucp = dialects.mucp;
    this.#handler = handler;
    this.#surroundings = surroundings;
  }

  /** Whatever is HTTP/1: a request for nothing gets an answer that says how to ask. */
  accepts(request: IncomingMessage): boolean {
    return request.httpVersionMajor === 1;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const dialect = isMucp(request.headers) ? this.#mucp : this.#plain;
    const exchange = new ServerExchange(request, response, dialect, this.#surroundings);
    if (this.#refusing) {
      exchange.closeAfterwards();
      this.#serve(exchange, refusingHandler, response);
      return;
    }
    this.#underWay.add(exchange);
    response.once('close', () => this.#ended(exchange));
    this.#serve(exchange, this.#handler, response);
  }

  async drain(signal: AbortSignal): Promise<void> {
    this.#refusing = true;
    for (const exchange of this.#underWay) exchange.closeAfterwards();
    if (this.#underWay.size === 0) return;
    const stop = (): void => this.#endAll();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    if (this.#underWay.size > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    signal.removeEventListener('abort', stop);
  }

  async close(): Promise<void> {
    this.#refusing = true;
    this.#endAll();
  }

  #serve(exchange: ServerExchange, handler: CallHandler, response: ServerResponse): void {
    exchange.serve(handler).catch((error: unknown) => {
      this.#surroundings.logger.error('an HTTP request could not be answered', { error });
      response.destroy();
    });
  }

  #endAll(): void {
    const error = new ServiceError('Unavailable', 'the server stopped before the call had ended');
    for (const exchange of [...this.#underWay]) {
      exchange.end(error);
      this.#ended(exchange);
    }
  }

  #ended(exchange: ServerExchange): void {
    this.#underWay.delete(exchange);
    if (this.#underWay.size > 0) return;
    const waiting = this.#onIdle;
    this.#onIdle = [];
    for (const resolve of waiting) resolve();
  }
}

const refusingHandler: CallHandler = Object.freeze({
  unary: () =>
    Promise.reject(new ServiceError('Unavailable', 'the server is stopping; go to another node', { executed: 'no' })),
});
