import {
  type CallHandler,
  type ClaimedConnection,
  type ConnectionClaim,
  type Listener,
  type Port,
  ServiceError,
} from '@tenon/contract';
import { preamble, protocolName } from './preamble.js';
import { ServerConnection, type ServingContext } from './server-connection.js';
import { ViolationLog } from './violation-log.js';
import type { WireContext } from './wire-context.js';

/** Answers the tenon/1 connections of a port. */
export class TcpListener implements Listener, ConnectionClaim {
  readonly name = protocolName;
  readonly firstBytes: Uint8Array = preamble();
  readonly alpn = protocolName;
  /** It shares the port of its server. */
  readonly address = '';
  readonly #serving: ServingContext;
  readonly #connections = new Set<ServerConnection>();
  #state: 'open' | 'draining' | 'closed' = 'open';
  #whenIdle: (() => void)[] = [];
  #whenClosed: (() => void)[] = [];

  constructor(context: WireContext, port: Port, handler: CallHandler) {
    const { options } = context;
    const log = new ViolationLog(context.logger, context.clock);
    this.#serving = {
      context,
      handler,
      instance: port.instance,
      limits: Object.freeze({ ...options.limits, messageBytes: port.maxMessageBytes }),
      onIdle: () => this.#checkIdle(),
      onEnded: (connection, reason) => log.ended(connection.peer, reason),
      onClosed: (connection) => this.#closed(connection),
    };
  }

  handle(claimed: ClaimedConnection): void {
    if (this.#state === 'closed') {
      claimed.socket.destroy();
      return;
    }
    const connection = new ServerConnection(this.#serving, claimed);
    this.#connections.add(connection);
    if (this.#state === 'draining') connection.drain();
  }

  async drain(signal: AbortSignal): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining';
    for (const connection of this.#connections) connection.drain();
    const cut = (): void => {
      for (const connection of [...this.#connections]) connection.abandonAll(stopped());
    };
    if (signal.aborted) cut();
    signal.addEventListener('abort', cut, { once: true });
    if (this.#isBusy()) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    signal.removeEventListener('abort', cut);
    // The answers have been given; a process that ends now would take them along.
    await Promise.all([...this.#connections].map((connection) => orAborted(connection.sent(), signal)));
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    for (const connection of [...this.#connections]) connection.destroy();
    if (this.#connections.size > 0) await new Promise<void>((resolve) => this.#whenClosed.push(resolve));
  }

  #isBusy(): boolean {
    return [...this.#connections].some((connection) => connection.busy);
  }

  #checkIdle(): void {
    if (this.#whenIdle.length === 0 || this.#isBusy()) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  #closed(connection: ServerConnection): void {
    this.#connections.delete(connection);
    this.#checkIdle();
    if (this.#connections.size === 0) for (const resolve of this.#whenClosed.splice(0)) resolve();
  }
}

function stopped(): ServiceError {
  return new ServiceError('Unavailable', 'the server stopped before the call had ended');
}

function orAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    signal.addEventListener('abort', done, { once: true });
    promise.then(done, done);
  });
}
