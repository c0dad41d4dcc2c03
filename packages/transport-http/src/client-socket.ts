import type { Socket } from 'node:net';
import { ServiceError } from '@tenon/contract';
import { type Dialer, wireError } from '@tenon/http';
import type { Body } from './body-encoder.js';
import type { ClientCall, ClientWire } from './client-call.js';
import type { HeaderFields } from './header-fields.js';
import { ResponseParser, type ResponseReceiver } from './response-parser.js';

/** Who hands calls to a {@link ClientSocket}. */
export interface ClientSocketOwner {
  /** The call is over and another may follow. */
  onFree(socket: ClientSocket): void;
  /** The socket is closed. */
  onClosed(socket: ClientSocket): void;
}

/** One HTTP/1.1 connection to a node, connected already: one call at a time. */
export class ClientSocket implements ClientWire, ResponseReceiver {
  /** Since when it has had no call, in milliseconds of the pool's clock. The pool's field. */
  idleSince = 0;
  readonly #socket: Socket;
  readonly #owner: ClientSocketOwner;
  readonly #dialer: Dialer;
  readonly #parser = new ResponseParser(this);
  readonly #maxIdleMs: number;
  #idleLimitMs: number;
  #keepAlive: string | undefined = undefined;
  #call: ClientCall | undefined = undefined;
  #reused = false;
  #closed = false;

  /** @param maxIdleMs - how long it may lie idle where the peer says nothing about it in its replies. */
  constructor(socket: Socket, owner: ClientSocketOwner, dialer: Dialer, maxIdleMs: number) {
    this.#socket = socket;
    this.#dialer = dialer;
    this.#owner = owner;
    this.#maxIdleMs = maxIdleMs;
    this.#idleLimitMs = Math.min(maxIdleMs, unusedIdleMs);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  /** Whether it may carry another call: it may have ended although its owner does not know yet. */
  get usable(): boolean {
    return !this.#closed && this.#socket.writable;
  }

  get idleLimitMs(): number {
    return this.#idleLimitMs;
  }

  /** @param head - as bytes in latin1. */
  start(call: ClientCall, head: string, body: Body): void {
    this.#call = call;
    call.begin(this);
    if (typeof body === 'string') this.#socket.write(head + body, 'latin1');
    else {
      this.#socket.cork();
      this.#socket.write(head, 'latin1');
      this.#socket.write(body);
      this.#socket.uncork();
    }
  }

  abandon(): void {
    this.#call = undefined;
    this.destroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** There is one request only. */
  stopRequests(): void {}

  destroy(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  onHead(status: number, fields: HeaderFields): void {
    if (!this.#reused || fields.keepAlive !== this.#keepAlive) this.#learn(fields.keepAlive);
    this.#call?.onHead(status, fields);
  }

  onBody(chunk: Buffer, last: boolean): void {
    this.#call?.onBody(chunk, last);
  }

  onComplete(reusable: boolean): void {
    this.#call = undefined;
    this.#reused = true;
    if (this.#closed) return;
    // Answered before it was sent whole, which is a refusal: what is left of it is not worth sending.
    if (!reusable || this.#socket.writableLength > 0 || this.#socket.readableEnded) this.destroy();
    else this.#owner.onFree(this);
  }

  /** A server closes an idle connection after the time that it names. A call that is written just then is lost. */
  #learn(keepAlive: string | undefined): void {
    this.#keepAlive = keepAlive;
    const seconds = /(?:^|[\s,])timeout=(\d{1,9})/i.exec(keepAlive ?? '')?.[1];
    const safeMs = seconds === undefined ? this.#maxIdleMs : Math.max(1, Number(seconds) * 1_000 - marginMs);
    this.#idleLimitMs = Math.min(this.#maxIdleMs, safeMs);
  }

  /** Takes what its socket has read. */
  onBytes(chunk: Buffer): void {
    if (this.#closed) return;
    if (this.#call === undefined) {
      // Said by nobody's leave: what it belongs to cannot be known.
      this.destroy();
      return;
    }
    try {
      this.#parser.read(chunk);
    } catch (thrown) {
      this.#fail(ServiceError.from(thrown));
    }
  }

  readonly #onEnd = (): void => {
    if (!this.#parser.end()) this.#fail(this.#broken('ended before the reply was whole'));
  };

  readonly #onError = (error: Error): void => {
    this.#fail(this.#dialer.explain(error) ?? wireError(error, true, this.#reused));
  };

  readonly #onClose = (): void => {
    this.#closed = true;
    this.#fail(this.#broken('ended before the reply was whole'));
    this.#owner.onClosed(this);
  };

  #fail(error: ServiceError): void {
    this.#call?.fail(error);
    this.#call = undefined;
    this.destroy();
  }

  #broken(how: string): ServiceError {
    return new ServiceError('Unavailable', `${this.#reused ? 'a kept connection' : 'the connection'} ${how}`);
  }
}

/** How much of the promised time the way to the server and two busy processes may take. */
const marginMs = 1_000;

/** How long a socket may lie idle that has not carried a call yet: servers are impatient with those. Tenon's waits for 5 s. */
const unusedIdleMs = 4_000;
