import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How long each kind of quiet on a connection may last, in milliseconds. */
export interface QuietLimits {
  readonly keepAliveMs: number;
  readonly replyTimeoutMs: number;
  readonly drainGraceMs: number;
}

/**
 * The open connections of a port and the requests under way on each: knows which are idle, and ends them without
 * cutting off a request that is on its way.
 *
 * A connection that a server closes while a request is in flight answers that request with a reset, and its caller
 * cannot tell whether it ran. So idle connections end in two steps: half-closed first (the peer sees a clean end, what
 * it still sends is read and dropped), and freed once the peer has closed its side or a second has passed.
 */
export class HttpConnections {
  readonly #underWay = new Map<Socket, Set<ServerResponse>>();
  readonly #limits: QuietLimits;
  #draining = false;

  constructor(limits: QuietLimits) {
    this.#limits = limits;
  }

  get draining(): boolean {
    return this.#draining;
  }

  add(socket: Socket): void {
    this.#underWay.set(socket, new Set());
    socket.once('close', () => this.#underWay.delete(socket));
    if (this.#draining) socket.setTimeout(this.#limits.drainGraceMs);
  }

  /** Follows one request to its end. Returns how many are under way on its connection, itself included. */
  begin(socket: Socket, response: ServerResponse): number {
    const responses = this.#underWay.get(socket) ?? new Set();
    responses.add(response);
    if (this.#draining) response.setHeader('Connection', 'close');
    // The reply is complete but not yet taken: from here on a peer that does not read is cut off.
    response.once('prefinish', () => socket.setTimeout(this.#limits.replyTimeoutMs));
    response.once('close', () => {
      responses.delete(response);
      if (responses.size === 0 && !socket.destroyed) this.#rest(socket);
    });
    return responses.size;
  }

  /** The requests of a connection that were read whole and are not answered yet, oldest first. */
  answerable(socket: Socket): readonly ServerResponse[] {
    return [...(this.#underWay.get(socket) ?? [])].filter((response) => response.req.complete);
  }

  /** Whether a reply on this connection has begun, so that nothing else may be written to it. */
  replying(socket: Socket): boolean {
    return [...(this.#underWay.get(socket) ?? [])].some((response) => response.headersSent);
  }

  /** For the server's `timeout` event: ends a connection that was quiet for too long. */
  readonly onQuiet = (socket: Socket): void => {
    const busy = (this.#underWay.get(socket)?.size ?? 0) > 0;
    if (busy || socket.writableEnded) {
      socket.destroy();
      return;
    }
    socket.end();
    socket.setTimeout(lingerMs);
  };

  /** From here on each reply says `Connection: close`, and idle connections end after the grace. */
  drain(): void {
    this.#draining = true;
    for (const [socket, responses] of this.#underWay) {
      for (const response of responses) if (!response.headersSent) response.setHeader('Connection', 'close');
      if (responses.size === 0) this.#rest(socket);
    }
  }

  destroy(): void {
    for (const socket of this.#underWay.keys()) socket.destroy();
  }

  #rest(socket: Socket): void {
    if (socket.writableEnded) socket.setTimeout(lingerMs);
    else if (!this.#draining) socket.setTimeout(this.#limits.keepAliveMs + keepAliveMarginMs);
    else if (this.#limits.drainGraceMs > 0) socket.setTimeout(this.#limits.drainGraceMs);
    else this.onQuiet(socket);
  }
}

/** The port keeps an idle connection this much longer than it says, so that the peer closes it first. */
const keepAliveMarginMs = 1_000;

/** How long a half-closed connection waits for the peer to close its side. */
const lingerMs = 1_000;
