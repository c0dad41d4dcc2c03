import type { Socket } from 'node:net';
import { type CancelTimer, type Clock, ServiceError } from '@tenon/contract';
import { type Dialer, unreachable } from '@tenon/http';
import type { Body } from './body-encoder.js';
import type { ClientCall } from './client-call.js';
import { ClientSocket, type ClientSocketOwner } from './client-socket.js';

/** How sockets to a node are made and kept. */
export interface SocketPoolOptions {
  readonly maxSockets: number;
  readonly maxIdleMs: number;
  readonly connectTimeoutMs: number;
}

/**
 * The sockets to one node: one call at a time on each, the last used first, and none that its peer may be about to
 * close.
 */
export class SocketPool implements ClientSocketOwner {
  readonly #dialer: Dialer;
  readonly #options: SocketPoolOptions;
  readonly #clock: Clock;
  readonly #sockets = new Set<ClientSocket>();
  readonly #connecting = new Map<Socket, CancelTimer>();
  readonly #idle: ClientSocket[] = [];
  readonly #waiting = new Map<ClientCall, { readonly head: string; readonly body: Body }>();
  #cancelSweep: CancelTimer | undefined = undefined;
  #destroyed = false;

  constructor(dialer: Dialer, options: SocketPoolOptions, clock: Clock) {
    this.#dialer = dialer;
    this.#options = options;
    this.#clock = clock;
  }

  /** Sends a call over a socket that is free, else over the next one that becomes free or is connected. */
  send(call: ClientCall, head: string, body: Body, now: number): void {
    const socket = this.#takeIdle(now);
    if (socket !== undefined) {
      socket.start(call, head, body);
      return;
    }
    this.#waiting.set(call, { head, body });
    this.#connectMore();
  }

  /** A call that waits for a socket waits no more. */
  forget(call: ClientCall): void {
    if (this.#waiting.size > 0) this.#waiting.delete(call);
  }

  onFree(socket: ClientSocket): void {
    const [next] = this.#waiting;
    if (next !== undefined) {
      const [call, { head, body }] = next;
      this.#waiting.delete(call);
      socket.start(call, head, body);
      return;
    }
    socket.idleSince = this.#clock.now();
    this.#idle.push(socket);
    this.#cancelSweep ??= this.#clock.after(socket.idleLimitMs, this.#sweep);
  }

  onClosed(socket: ClientSocket): void {
    this.#sockets.delete(socket);
    const index = this.#idle.lastIndexOf(socket);
    if (index >= 0) this.#idle.splice(index, 1);
    this.#connectMore();
  }

  /** Destroys the sockets that carry no call. */
  dropIdle(): void {
    for (const socket of this.#idle.splice(0)) socket.destroy();
  }

  /** Destroys every socket, idle or not. */
  destroy(): void {
    this.#destroyed = true;
    this.#cancelSweep?.();
    this.#waiting.clear();
    for (const [socket, cancelTimeout] of this.#connecting) {
      cancelTimeout();
      socket.destroy();
    }
    this.#connecting.clear();
    for (const socket of [...this.#sockets]) socket.destroy();
  }

  /** The one used last, unless it has lain too long: then the others have too, but for those that may lie longer. */
  #takeIdle(now: number): ClientSocket | undefined {
    for (let socket = this.#idle.pop(); socket !== undefined; socket = this.#idle.pop()) {
      if (socket.usable && now - socket.idleSince < socket.idleLimitMs) return socket;
      socket.destroy();
    }
    return undefined;
  }

  /** A timer may be late, so `#takeIdle` looks at the time too. */
  readonly #sweep = (): void => {
    this.#cancelSweep = undefined;
    const now = this.#clock.now();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const socket of [...this.#idle]) {
      // Timers of the platform may fire a fraction of a millisecond early.
      const leftMs = socket.idleSince + socket.idleLimitMs - now;
      if (leftMs < 1) socket.destroy();
      else nextMs = Math.min(nextMs, leftMs);
    }
    if (nextMs !== Number.POSITIVE_INFINITY) this.#cancelSweep = this.#clock.after(nextMs, this.#sweep);
  };

  #connectMore(): void {
    while (
      !this.#destroyed &&
      this.#connecting.size < this.#waiting.size &&
      this.#connecting.size + this.#sockets.size < this.#options.maxSockets
    ) {
      this.#connect();
    }
  }

  #connect(): void {
    let ready: ClientSocket | undefined;
    const socket = this.#dialer.dial((bytes) => ready?.onBytes(bytes));
    const { connectTimeoutMs } = this.#options;
    const onError = (error: Error): void => this.#onUnreachable(socket, unreachable(this.#dialer, error));
    const onClose = (): void => this.#onUnreachable(socket, unreachable(this.#dialer, new Error('closed')));
    const cancelTimeout = this.#clock.after(connectTimeoutMs, () => {
      const text = `connecting took longer than ${connectTimeoutMs} ms`;
      this.#onUnreachable(socket, new ServiceError('Unavailable', text, { executed: 'no' }));
    });
    socket.on('error', onError);
    socket.once('close', onClose);
    this.#connecting.set(socket, cancelTimeout);
    socket.once(this.#dialer.readyEvent, () => {
      if (!this.#connecting.delete(socket)) return;
      cancelTimeout();
      socket.off('error', onError);
      socket.off('close', onClose);
      ready = new ClientSocket(socket, this, this.#dialer, this.#options.maxIdleMs);
      this.#sockets.add(ready);
      this.onFree(ready);
    });
  }

  /** One socket fewer is coming, so the call that has waited longest is told. */
  #onUnreachable(socket: Socket, error: ServiceError): void {
    const cancelTimeout = this.#connecting.get(socket);
    if (cancelTimeout === undefined) return;
    cancelTimeout();
    this.#connecting.delete(socket);
    socket.destroy();
    const [call] = this.#waiting.keys();
    if (call !== undefined) {
      this.#waiting.delete(call);
      call.fail(error);
    }
    this.#connectMore();
  }
}
