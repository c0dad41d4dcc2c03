import type { AsyncResource } from 'node:async_hooks';
import type { Socket } from 'node:net';
import { ServiceError, type WholeRequest, type WholeRequestClaim, type WholeRequestListener } from '@tenon/contract';
import { idleEnd } from './http-refusal.js';
import { type PlainHead, type PlainHeadLimits, PlainHeads } from './plain-head.js';

/** What all {@link WholeConnection}s of a port share. */
export interface WholeConnectionKeeper {
  readonly limits: PlainHeadLimits & {
    readonly maxMessageBytes: number;
    readonly keepAliveMs: number;
    readonly replyTimeoutMs: number;
    readonly drainGraceMs: number;
  };
  readonly claim: WholeRequestClaim;
  readonly draining: boolean;
  /** Where requests are read that did not come from the socket just now, but out of the answer to another. */
  readonly scope: AsyncResource;
  /** The head of an answer, up to its empty line. */
  headOf(status: number, fields: readonly string[], length: number, close: boolean): string;
  /** Forgets the connection, and lets another serve its socket from here on. */
  handOver(connection: WholeConnection): void;
  onClosed(connection: WholeConnection): void;
  onThrown(thrown: unknown): void;
}

/**
 * One HTTP/1.1 connection in the clear, as long as each of its requests is plain and arrives whole: in one piece, nothing
 * before it unanswered, nothing behind it. The first that is otherwise, complete or not, stays unread, and with it the
 * connection goes to Node's server: what takes time to arrive, or could be read in two ways, is limited and refused there.
 *
 * So there is at most one request under way here, read to its end, and all quiet is either the handler's, the peer's that
 * does not take its answer, or idleness. No timer runs for any of them: they are found by `sweep`.
 */
export class WholeConnection {
  readonly socket: Socket;
  readonly #keeper: WholeConnectionKeeper;
  readonly #heads: PlainHeads;
  #request: Request | undefined = undefined;
  /** What came while a request was under way. */
  #early: Buffer | undefined = undefined;
  /** Its answer is on its way. */
  #sending = false;
  #handedOver = false;
  #used = true;
  #idleSince = 0;

  constructor(socket: Socket, keeper: WholeConnectionKeeper) {
    this.socket = socket;
    this.#keeper = keeper;
    this.#heads = new PlainHeads(keeper.limits, keeper.claim.varying);
    socket.on('end', this.#onEnd);
    socket.on('timeout', this.#onTimeout);
    socket.on('close', this.#onClose);
    socket.on('data', this.#onData);
    // Its first request is there already.
    if (keeper.draining) socket.setTimeout(Math.max(1, keeper.limits.drainGraceMs));
  }

  /** Called once a second or so: finds a connection that was idle for too long, and a peer that does not read. */
  sweep(now: number): void {
    const { keepAliveMs, replyTimeoutMs } = this.#keeper.limits;
    if (this.#sending) {
      // Node starts the time anew while bytes leave.
      if (this.socket.timeout !== replyTimeoutMs) this.socket.setTimeout(replyTimeoutMs);
    } else if (this.#request !== undefined || this.socket.writableEnded) {
      return;
    } else if (this.#used) {
      this.#used = false;
      this.#idleSince = now;
    } else if (now - this.#idleSince >= keepAliveMs + keepAliveMarginMs) this.#rest(0);
  }

  /** From here on its answers end it, and if it is idle it ends after the grace. */
  drain(): void {
    if (this.#request === undefined && this.socket.writable) this.#rest(this.#keeper.limits.drainGraceMs);
  }

  /** @throws TypeError as {@link WholeRequest.answer} does. */
  answer(request: Request, status: number, fields: readonly string[], body: string | Uint8Array): void {
    if (this.#request !== request || this.#sending || !this.socket.writable) return;
    const close = request.close || this.#keeper.draining;
    const head = this.#keeper.headOf(status, fields, body.length, close);
    const { socket } = this;
    this.#sending = true;
    if (typeof body === 'string') socket.write(head + body, 'latin1');
    else {
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(body);
      socket.uncork();
    }
    if (close) socket.destroySoon();
    // What the system has not taken at once is waited for. Most of it is.
    if (socket.writableLength === 0) this.#onAnswered();
    else if (!close) socket.write('', this.#onAnswered);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#request === undefined) {
      this.#read(chunk);
      return;
    }
    // Pipelined: no more is read until the answer is out.
    this.#early = this.#early === undefined ? chunk : Buffer.concat([this.#early, chunk]);
    this.socket.pause();
  };

  #read(chunk: Buffer): void {
    if (!this.socket.writable) return;
    const { limits, claim, draining } = this.#keeper;
    const text = chunk.toString('latin1', 0, Math.min(chunk.length, limits.maxHeaderBytes + 4));
    const end = text.indexOf('\r\n\r\n');
    const head = end < 0 ? undefined : this.#heads.read(text.slice(0, end + 2));
    const { length, varying } = this.#heads;
    if (head === undefined || length > limits.maxMessageBytes || end + 4 + length !== chunk.length) {
      this.#handOver(chunk);
      return;
    }
    if (draining) this.socket.setTimeout(0);
    this.#used = true;
    const request = new Request(this, head, varying, chunk.subarray(end + 4));
    this.#request = request;
    try {
      if (claim.handle(request)) return;
    } catch (thrown) {
      this.#keeper.onThrown(thrown);
      const error = new ServiceError('Internal', 'the request could not be served');
      request.answer(500, ['content-type', 'application/json'], JSON.stringify(error));
      return;
    }
    if (this.#request === request) this.#request = undefined;
    this.#handOver(chunk);
  }

  /** Gives the connection away as if `unread` and what follows had never been read. */
  #handOver(unread: Buffer): void {
    const { socket } = this;
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('timeout', this.#onTimeout);
    socket.off('close', this.#onClose);
    socket.setTimeout(0);
    socket.pause();
    socket.unshift(unread);
    this.#handedOver = true;
    this.#keeper.handOver(this);
    // It was paused by hand, and that is how it would stay whoever listens to it.
    socket.resume();
  }

  readonly #onAnswered = (): void => {
    const request = this.#request;
    this.#request = undefined;
    this.#sending = false;
    if (this.socket.timeout) this.socket.setTimeout(0);
    request?.listener?.onEnd();
    if (this.#early !== undefined) this.#readEarly(this.#early);
    else if (this.#keeper.draining) this.drain();
  };

  #readEarly(chunk: Buffer): void {
    this.#early = undefined;
    this.#keeper.scope.runInAsyncScope(() => this.#read(chunk));
    if (this.#early === undefined && !this.#handedOver) this.socket.resume();
  }

  /** Half-closed first, with an answer for a request that is on its way: what the peer still sends is read and dropped. */
  #rest(graceMs: number): void {
    if (graceMs === 0) this.socket.end(idleEnd(this.#keeper.draining));
    this.socket.setTimeout(graceMs || lingerMs);
  }

  readonly #onTimeout = (): void => {
    if (this.#sending || this.socket.writableEnded) this.socket.destroy();
    else if (this.#request === undefined) this.#rest(0);
  };

  /** The peer has ended its side, which over HTTP/1.1 cancels what is under way. */
  readonly #onEnd = (): void => {
    this.socket.end();
  };

  readonly #onClose = (): void => {
    const request = this.#request;
    this.#request = undefined;
    this.#keeper.onClosed(this);
    request?.listener?.onEnd();
  };
}

class Request implements WholeRequest {
  readonly head: PlainHead;
  readonly varying: string | undefined;
  readonly body: Buffer;
  listener: WholeRequestListener | undefined = undefined;
  close: boolean;
  readonly #connection: WholeConnection;

  constructor(connection: WholeConnection, head: PlainHead, varying: string | undefined, body: Buffer) {
    this.#connection = connection;
    this.head = head;
    this.varying = varying;
    this.body = body;
    this.close = head.close;
  }

  get socket(): Socket {
    return this.#connection.socket;
  }

  answer(status: number, fields: readonly string[], body: string | Uint8Array): void {
    this.#connection.answer(this, status, fields, body);
  }

  closeAfterwards(): void {
    this.close = true;
  }
}

/** The port keeps an idle connection this much longer than it says, so that the peer closes it first. */
const keepAliveMarginMs = 1_000;

/** How long a half-closed connection waits for the peer to close its side. */
const lingerMs = 1_000;
