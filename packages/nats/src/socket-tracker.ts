import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/**
 * Knows the sockets that a piece of code opens, so that they can be destroyed.
 *
 * The NATS client needs it: where a dial times out before the server's greeting (a stopped server, a silent firewall) it
 * forgets the socket, which then keeps the process alive for ever; and a connection whose server stopped reading is not
 * closed before the last byte is written, which is never. Seen in @nats-io/nats-core 3.4.0, `protocol.ts` and
 * `node_transport.ts`.
 */
export class SocketTracker {
  readonly #context = new AsyncLocalStorage<SocketTracker>();
  readonly #sockets = new Set<Socket>();
  #isDestroyed = false;

  /** Runs code, and tracks its sockets until what it returned is settled. */
  async run<T>(body: () => Promise<T>): Promise<T> {
    subscribe(socketOpened, this.#opened);
    try {
      return await this.#context.run(this, body);
    } finally {
      unsubscribe(socketOpened, this.#opened);
      this.#context.disable();
    }
  }

  /** Destroys every socket, also those that are opened later. */
  destroy(): void {
    this.#isDestroyed = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  /**
   * From now on an error of a socket ends nothing but that socket. Where the server hangs up, the client takes all listeners off before
   * Node tells that it wrote after the end, which then would end the process. Seen in 3.4.0 too, `_closed` of `node_transport.ts`.
   */
  bearErrors(): void {
    for (const socket of this.#sockets) {
      const removeAll = socket.removeAllListeners.bind(socket);
      const bear = (): Socket => socket.on('error', () => {});
      socket.removeAllListeners = (event) => {
        removeAll(event);
        return bear();
      };
      bear();
    }
  }

  readonly #opened = (message: unknown): void => {
    if (this.#context.getStore() !== this) return;
    const { socket } = message as { readonly socket: Socket };
    if (this.#isDestroyed) {
      // The channel speaks before the socket connects, which would bring a destroyed one back to life.
      setImmediate(() => socket.destroy());
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  };
}

/** Documented at https://nodejs.org/api/diagnostics_channel.html#built-in-channels. */
const socketOpened = 'net.client.socket';
