import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { CancelTimer, Clock } from '@tenon/contract';
import { idleEnd } from './http-refusal.js';

/** How long each kind of quiet on a connection may last, in milliseconds. */
export interface QuietLimits {
  readonly keepAliveMs: number;
  readonly replyTimeoutMs: number;
  readonly drainGraceMs: number;
}

/**
 * The open connections of an HTTP/1.1 server and the requests under way on each: knows which are idle, and ends them
 * without cutting off a request that is on its way.
 *
 * A connection that a server closes while a request is in flight answers that request with a reset, and its caller
 * cannot tell whether it ran. So idle connections end in two steps: half-closed first, with an answer for a request that is
 * on its way (what the peer still sends is read and dropped), and freed once the peer has closed its side or a second has
 * passed.
 *
 * A request that goes well costs nothing here but a place in a list: no listener, no timer. What has ended is swept
 * out, and what does not come to its end is found, once a second.
 */
export class HttpConnections {
  readonly #connections = new Map<Socket, HttpConnection>();
  readonly #limits: QuietLimits;
  readonly #clock: Clock;
  /** One listener for all sockets. */
  readonly #forget: (this: Socket) => void;
  #cancelSweep: CancelTimer;
  #draining = false;

  constructor(limits: QuietLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#cancelSweep = this.#nextSweep();
    const connections = this.#connections;
    this.#forget = function (this: Socket): void {
      const connection = connections.get(this);
      connections.delete(this);
      if (connection !== undefined) endUnsent(connection);
    };
  }

  get draining(): boolean {
    return this.#draining;
  }

  add(socket: Socket): void {
    this.#connections.set(socket, { underWay: [], spared: false });
    socket.on('close', this.#forget);
    if (this.#draining) socket.setTimeout(this.#limits.drainGraceMs);
  }

  /** Follows one request to its end. Returns how many are under way on its connection, itself included. */
  begin(socket: Socket, response: ServerResponse): number {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return 0;
    const underWay = stillUnderWay(connection);
    underWay.push(response);
    connection.spared = false;
    if (this.#draining) this.#sendAway(socket, connection, response);
    return underWay.length;
  }

  /** The requests of a connection that were read whole and are not answered yet, oldest first. */
  answerable(socket: Socket): readonly ServerResponse[] {
    return this.#underWay(socket).filter((response) => response.req.complete);
  }

  /** Whether a reply on this connection has begun, so that nothing else may be written to it. */
  replying(socket: Socket): boolean {
    return this.#underWay(socket).some((response) => response.headersSent);
  }

  /** For the server's `timeout` event: ends a connection that was quiet for too long. */
  readonly onQuiet = (socket: Socket): void => {
    const connection = this.#connections.get(socket);
    if (connection === undefined || stillUnderWay(connection).length > 0 || socket.writableEnded) {
      socket.destroy();
    } else if (!this.#draining && !connection.spared) {
      connection.spared = true;
      socket.setTimeout(keepAliveMarginMs);
    } else {
      socket.end(idleEnd(this.#draining));
      socket.setTimeout(lingerMs);
    }
  };

  /** From here on each reply says `Connection: close`, and idle connections end after the grace. */
  drain(): void {
    this.#draining = true;
    for (const [socket, connection] of this.#connections) {
      const underWay = stillUnderWay(connection);
      for (const response of underWay) this.#sendAway(socket, connection, response);
      if (underWay.length === 0) this.#rest(socket);
    }
  }

  destroy(): void {
    this.#cancelSweep();
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  #underWay(socket: Socket): readonly ServerResponse[] {
    const connection = this.#connections.get(socket);
    return connection === undefined ? [] : stillUnderWay(connection);
  }

  #sendAway(socket: Socket, connection: HttpConnection, response: ServerResponse): void {
    if (!response.headersSent) response.setHeader('Connection', 'close');
    response.once('close', () => {
      if (stillUnderWay(connection).length === 0 && !socket.destroyed) this.#rest(socket);
    });
  }

  #rest(socket: Socket): void {
    if (socket.writableEnded) socket.setTimeout(lingerMs);
    else if (this.#limits.drainGraceMs > 0) socket.setTimeout(this.#limits.drainGraceMs);
    else this.onQuiet(socket);
  }

  #nextSweep(): CancelTimer {
    return this.#clock.after(Math.min(sweepMs, this.#limits.replyTimeoutMs), () => {
      for (const [socket, connection] of this.#connections) {
        const [oldest] = stillUnderWay(connection);
        // Complete but not taken: from here on a peer that does not read is cut off. Node starts the time anew while
        // bytes leave.
        if (oldest?.writableEnded === true && socket.timeout !== this.#limits.replyTimeoutMs) {
          socket.setTimeout(this.#limits.replyTimeoutMs);
        }
      }
      this.#cancelSweep = this.#nextSweep();
    });
  }
}

interface HttpConnection {
  /** Oldest first, more than one only where the peer pipelines. May begin with some that have ended. */
  readonly underWay: ServerResponse[];
  /** Whether the time that the peer was told has passed, and the margin runs. */
  spared: boolean;
}

/** Replies end in the order of their requests. */
function stillUnderWay({ underWay }: HttpConnection): ServerResponse[] {
  while (underWay[0]?.closed === true) underWay.shift();
  return underWay;
}

/**
 * Tells the replies that had their connection's end before their turn. Node tells the one that has the socket, and no other:
 * whoever waits for the end of such a reply would wait, and be kept, for ever.
 */
function endUnsent(connection: HttpConnection): void {
  for (const response of stillUnderWay(connection).splice(0)) {
    if (response.socket !== null || response.closed) continue;
    response.destroy();
    response.emit('close');
  }
}

const sweepMs = 1_000;

/** The port keeps an idle connection this much longer than it says, so that the peer closes it first. */
const keepAliveMarginMs = 1_000;

/** How long a half-closed connection waits for the peer to close its side. */
const lingerMs = 1_000;
