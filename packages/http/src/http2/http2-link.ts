import { type ClientHttp2Session, connect } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type CancelTimer, type Clock, ServiceError } from '@tenon/contract';
import { type Dialer, unreachable } from '../dialer.js';
import { wireError } from '../wire-error.js';
import { Http2Signs } from './http2-signs.js';
import { StreamResets } from './stream-resets.js';

/** How a session is made and watched over. */
export interface Http2LinkOptions {
  readonly connectTimeoutMs: number;
  /** The peer is asked this often whether it is still there. */
  readonly pingMs: number;
  /** And given up where it does not answer for so long. */
  readonly pingTimeoutMs: number;
}

/** One call on a link. */
export interface LinkedExchange {
  /** To be called once, when it takes no more room. The link's to set. */
  onOver: () => void;
  /**
   * Opens its stream.
   *
   * @param resets - of that session: resets it in the end, where nobody waits for it.
   */
  begin(session: ClientHttp2Session, resets: StreamResets): void;
  /** Ends because its session did, or was never there. */
  fail(error: ServiceError): void;
}

/** What an {@link Http2Link} is made of. */
export interface Http2LinkParts {
  /** A URL: scheme, host and port. */
  readonly authority: string;
  /** Under TLS the peer must choose `h2`. */
  readonly dialer: Dialer;
  readonly options: Http2LinkOptions;
  readonly clock: Clock;
  /** Called once, when it has ended. */
  onClosed(): void;
}

/** One session of HTTP/2, from dialling to its end. Calls wait here until it stands, and while it has no room. */
export class Http2Link {
  readonly #parts: Http2LinkParts;
  readonly #waiting = new Set<LinkedExchange>();
  readonly #underWay = new Set<LinkedExchange>();
  readonly #socket: Socket;
  readonly #signs: Http2Signs;
  readonly #resets: StreamResets;
  #session: ClientHttp2Session | undefined = undefined;
  #state: 'connecting' | 'ready' | 'leaving' | 'closed' = 'connecting';
  #readyAt = Number.POSITIVE_INFINITY;
  #maxStreams = assumedStreams;
  #cancelConnectTimeout: CancelTimer;
  #cancelPing: CancelTimer | undefined = undefined;

  constructor(parts: Http2LinkParts) {
    const { dialer, options, clock } = parts;
    this.#parts = parts;
    this.#resets = new StreamResets(clock, () => this.#giveUp());
    const socket = dialer.dial();
    this.#socket = socket;
    this.#signs = new Http2Signs(
      clock,
      () => socket.bytesRead,
      () => this.#hasRoom,
    );
    this.#socket.on('error', this.#onDialError);
    this.#socket.once('close', this.#onDialClose);
    this.#socket.once(dialer.readyEvent, () => this.#begin());
    this.#cancelConnectTimeout = clock.after(options.connectTimeoutMs, () => {
      const text = `connecting took longer than ${options.connectTimeoutMs} ms`;
      this.#end(new ServiceError('Unavailable', text, { executed: 'no' }));
    });
  }

  /** Whether it takes further calls. */
  get open(): boolean {
    if (this.#state === 'connecting') return true;
    return this.#state === 'ready' && this.#session?.closed === false;
  }

  send(exchange: LinkedExchange): void {
    exchange.onOver = () => this.#over(exchange);
    this.#waiting.add(exchange);
    this.#flush();
  }

  /** Asks the peer for a sign of life; see `Connection.probe`. While it connects, that is the sign. */
  probe(timeoutMs: number): Promise<boolean> {
    return this.#state === 'closed' ? Promise.resolve(false) : this.#signs.ask(timeoutMs);
  }

  /** Ends it at once. No call is under way any more. */
  destroy(): void {
    this.#end(new ServiceError('Unavailable', 'the connection was closed', { executed: 'no' }));
  }

  #begin(): void {
    if (this.#state !== 'connecting') return;
    this.#cancelConnectTimeout();
    this.#socket.off('error', this.#onDialError);
    this.#socket.off('close', this.#onDialClose);
    const { authority, dialer } = this.#parts;
    if (dialer.readyEvent === 'secureConnect' && (this.#socket as TLSSocket).alpnProtocol !== 'h2') {
      this.#end(new ServiceError('Unavailable', 'the node does not speak HTTP/2', { executed: 'no' }));
      return;
    }
    const session = connect(authority, {
      createConnection: () => this.#socket,
      settings: { enablePush: false, initialWindowSize: streamWindowBytes },
      // Node counts in millions of bytes. What is bounded by windows and message limits needs no third bound that is lower.
      maxSessionMemory: 1_000,
    });
    this.#session = session;
    this.#state = 'ready';
    this.#readyAt = this.#parts.clock.now();
    session.on('error', (error) => this.#end(this.#broken(error)));
    session.on('close', () => this.#end(this.#broken(undefined)));
    session.on('goaway', this.#onGoaway);
    session.on('remoteSettings', ({ maxConcurrentStreams = Number.POSITIVE_INFINITY }) => {
      this.#maxStreams = maxConcurrentStreams;
      this.#flush();
    });
    session.once('connect', () => session.setLocalWindowSize(connectionWindowBytes));
    this.#signs.begin(session);
    this.#watch();
    this.#flush();
  }

  /** Sends what there is room for. */
  #flush(): void {
    const session = this.#session;
    if (this.#state !== 'ready' || session === undefined) return;
    if (session.closed) {
      this.#refuseWaiting();
      return;
    }
    for (const exchange of this.#waiting) {
      if (!this.#hasRoom) break;
      this.#waiting.delete(exchange);
      this.#underWay.add(exchange);
      exchange.begin(session, this.#resets);
      this.#signs.streamOpened();
    }
  }

  #over(exchange: LinkedExchange): void {
    this.#waiting.delete(exchange);
    if (this.#underWay.delete(exchange) && this.#waiting.size > 0) this.#flush();
  }

  /** Whether the peer takes another stream now. */
  get #hasRoom(): boolean {
    return this.#state === 'ready' && this.#session?.closed === false && this.#underWay.size < this.#maxStreams;
  }

  /** A connection whose peer vanished without a word is noticed by nobody else, with calls under way or without. */
  #watch(): void {
    const { pingMs, pingTimeoutMs } = this.#parts.options;
    this.#cancelPing = this.#parts.clock.after(pingMs, async () => {
      if (await this.probe(pingTimeoutMs)) this.#watch();
      else this.#end(new ServiceError('Unavailable', `the peer did not answer a ping within ${pingTimeoutMs} ms`));
    });
  }

  /**
   * Takes no further calls, and ends with the last that is under way. Not within a second of its beginning: a storm must not become one
   * of connections. In the next turn, as whatever ends a session: Node may just be reading its frames.
   */
  #giveUp(): boolean {
    if (this.#state !== 'ready') return this.#state === 'leaving';
    if (this.#parts.clock.now() - this.#readyAt < leastLifeMs) return false;
    this.#state = 'leaving';
    setImmediate(() => {
      this.#refuseWaiting();
      this.#session?.close();
    });
    return true;
  }

  /** The calls that the peer has begun go on; the streams of the others Node ends as refused. */
  readonly #onGoaway = (): void => {
    if (this.#state === 'ready') this.#state = 'leaving';
    this.#refuseWaiting();
  };

  readonly #onDialError = (error: Error): void => this.#end(unreachable(this.#parts.dialer, error));

  readonly #onDialClose = (): void => this.#end(unreachable(this.#parts.dialer, new Error('closed')));

  #broken(error: Error | undefined): ServiceError {
    if (error === undefined) return wireError(new Error('it was closed'), true, true);
    return this.#parts.dialer.explain(error) ?? wireError(error, true, true);
  }

  #end(error: ServiceError): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelConnectTimeout();
    this.#cancelPing?.();
    this.#signs.end();
    // A socket may still have something to say that nobody is left to hear.
    this.#socket.on('error', ignore);
    for (const exchange of [...this.#underWay]) exchange.fail(error);
    this.#refuseWaiting(error.executed === 'no' ? error : refused(error));
    // It takes its session with it. Destroying that one would first wait for its last frames to leave.
    this.#socket.destroy();
    this.#parts.onClosed();
  }

  #refuseWaiting(error: ServiceError = refused()): void {
    for (const exchange of [...this.#waiting]) exchange.fail(error);
  }
}

/** @param cause - what ended the connection; where nothing did, the peer has said that it takes no more. */
function refused(cause?: ServiceError): ServiceError {
  return new ServiceError('Unavailable', 'the peer takes no further calls on this connection', {
    executed: 'no',
    refusal: cause === undefined ? 'draining' : undefined,
    cause,
  });
}

function ignore(_error: Error): void {}

const leastLifeMs = 1_000;

/** Until the peer says otherwise; what RFC 9113 asks everybody to allow. */
const assumedStreams = 100;

/** What the peer may send unread on one stream, and on all together. */
const streamWindowBytes = 256 * 1_024;
const connectionWindowBytes = 1_024 * 1_024;
