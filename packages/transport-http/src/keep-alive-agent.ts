import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '@tenon/contract';
import type { HttpAddress } from './node-address.js';

/**
 * The sockets to one node: one call at a time on each, the last used first, and none that its peer may be about to
 * close.
 *
 * That last point is what Node's agent leaves open. A call written to a socket just as its server closes it fails, and
 * nobody can tell whether it ran. So a socket is left well before the time that the peer said in `Keep-Alive`.
 */
export class KeepAliveAgent {
  readonly agent: Agent;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #maxIdleMs: number;
  readonly #safeIdleMs = new WeakMap<Socket, number>();
  readonly #idleSince = new WeakMap<Socket, number>();

  constructor(
    address: HttpAddress,
    options: { readonly maxSockets: number; readonly maxIdleMs: number },
    clock: Clock,
  ) {
    const { maxSockets } = options;
    this.agent = new Agent({ keepAlive: true, maxSockets, maxFreeSockets: maxSockets, scheduling: 'lifo' });
    this.#name = this.agent.getName({ host: address.host, port: address.port });
    this.#clock = clock;
    this.#maxIdleMs = options.maxIdleMs;
    this.agent.on('free', (socket: Socket) => this.#freed(socket));
  }

  /** Takes note of what a response says about its connection. */
  learn(socket: Socket, keepAlive: string | undefined): void {
    const seconds = /(?:^|[\s,])timeout=(\d{1,9})/i.exec(keepAlive ?? '')?.[1];
    if (seconds === undefined) return;
    const safeMs = Math.max(1, Number(seconds) * 1_000 - marginMs);
    this.#safeIdleMs.set(socket, Math.min(this.#maxIdleMs, safeMs));
  }

  /** Closes the sockets that have lain idle for too long. To be called before each request: a timer may be late. */
  sweep(): void {
    const idle = this.agent.freeSockets[this.#name];
    if (idle === undefined) return;
    const now = this.#clock.now();
    // The agent appends, so the first are the oldest.
    for (const socket of [...idle]) {
      if (now - (this.#idleSince.get(socket) ?? now) < this.#idleLimitMs(socket)) return;
      socket.destroy();
    }
  }

  /** Destroys every socket, idle or not. */
  destroy(): void {
    this.agent.destroy();
  }

  #freed(socket: Socket): void {
    this.#idleSince.set(socket, this.#clock.now());
    // Node's agent destroys a socket that times out while it is idle. One that went to a waiting call at once has its
    // timer taken off there.
    socket.setTimeout(this.#idleLimitMs(socket));
  }

  #idleLimitMs(socket: Socket): number {
    return this.#safeIdleMs.get(socket) ?? this.#maxIdleMs;
  }
}

/** How much of the promised time the way to the server and two busy processes may take. Newer Nodes use the same. */
const marginMs = 1_000;
