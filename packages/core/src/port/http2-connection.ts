import { Buffer } from 'node:buffer';
import { constants, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { type Clock, ServiceError } from '@tenon/contract';
import type { DeadlineEntry, DeadlineWheel } from '@tenon/contract/authoring';
import type { RefusalLog } from './refusal-log.js';
import type { ResolvedSharedPortOptions } from './shared-port-options.js';

/** What every connection of a server shares. */
export interface Http2ConnectionParts {
  readonly options: ResolvedSharedPortOptions;
  readonly wheel: DeadlineWheel;
  readonly clock: Clock;
  readonly refusals: RefusalLog;
  serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void;
}

/**
 * One HTTP/2 connection: its streams, and everything that ends it.
 *
 * It has one deadline at a time: until the peer's settings have come, then, while no stream is open, until it has been
 * idle for too long, and while one is, until the next look for replies that the peer does not take, and for signs of its life.
 */
export class Http2Connection implements DeadlineEntry {
  deadline = Number.POSITIVE_INFINITY;
  wheelSlot = -1;
  wheelNext: DeadlineEntry | undefined = undefined;
  wheelPrevious: DeadlineEntry | undefined = undefined;
  readonly #session: ServerHttp2Session;
  readonly #socket: Socket;
  readonly #peer: string;
  readonly #parts: Http2ConnectionParts;
  /** The open streams, each with when it was opened. */
  readonly #streams = new Map<ServerHttp2Stream, number>();
  #settled = false;
  /** It is cut off with this turn: what comes until then is nobody's. */
  #refused = false;
  #leaving = false;
  #opened = 0;
  #settings = 0;
  #settingsSince: number;
  #pingAt = Number.NEGATIVE_INFINITY;
  #pingStrikes = 0;
  #openedAtPing = 0;
  #windowAtPing: number | undefined;
  #resets = 0;
  #resetsAt: number;
  /** What had come from the peer at the last look, and when the look was that saw it come. */
  #readAtLook = -1;
  #heardAt = Number.NEGATIVE_INFINITY;
  /** Nothing has come since, so it was asked whether it is still there. */
  #asked = false;

  constructor(session: ServerHttp2Session, socket: Socket, peer: string, parts: Http2ConnectionParts) {
    this.#session = session;
    this.#socket = socket;
    this.#peer = peer;
    this.#parts = parts;
    this.#settingsSince = parts.clock.now();
    this.#resetsAt = this.#settingsSince;
    session.setLocalWindowSize(connectionWindowBytes);
    session.on('stream', this.#onStream);
    session.on('remoteSettings', this.#onSettings);
    session.on('ping', this.#onPing);
    session.on('goaway', this.#onGoAway);
    socket.once('close', () => parts.wheel.remove(this));
    this.#arm(parts.options.handshakeTimeoutMs);
  }

  /**
   * Tells the peer to go elsewhere and ends once the streams under way have.
   *
   * GOAWAY names the last stream that is served at once. gRPC's servers send one that names none before it, so that
   * streams which are on their way are still served; Node drops new streams without a word after any GOAWAY, so here that
   * would only keep their callers waiting for the news that they were not served.
   *
   * Not at once but in the next turn, as everything here that ends a session or its streams: Node tells of frames while it still reads
   * them, and Node 20 frees a stream twice, and aborts, where the session writes meanwhile what closes that stream too.
   */
  drain(): void {
    setImmediate(this.#leave);
  }

  destroy(): void {
    setImmediate(this.#cutOff);
  }

  onDeadline(): void {
    if (this.#streams.size > 0) {
      if (this.#isGone()) {
        this.destroy();
        return;
      }
      for (const stream of this.#streams.keys()) this.#watchReply(stream);
      this.#arm(this.#parts.options.replyTimeoutMs);
    } else if (this.#session.closed) {
      this.#socket.destroy();
    } else if (this.#settled) {
      this.drain();
    } else {
      this.#refuse(constants.NGHTTP2_SETTINGS_TIMEOUT, 'the HTTP/2 settings did not arrive in time');
    }
  }

  readonly #cutOff = (): void => {
    this.#session.destroy();
    this.#socket.destroy();
  };

  readonly #leave = (): void => {
    if (this.#session.destroyed) return;
    this.#session.close();
    if (this.#streams.size === 0) this.#rest();
  };

  readonly #onStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    this.#opened += 1;
    stream.on('error', ignored);
    if (this.#refused) return;
    const now = this.#parts.clock.now();
    // A reset may have come in the same piece as the request.
    if (stream.destroyed || stream.closed) {
      this.#countReset(now);
      return;
    }
    this.#streams.set(stream, now);
    stream.once('close', () => this.#onStreamClosed(stream, now));
    if (this.#streams.size === 1) this.#arm(this.#parts.options.replyTimeoutMs);
    this.#parts.serve(stream, headers);
  };

  /** A peer that says so itself need not close its side for it: Node ends ours, and would wait for ever. */
  readonly #onGoAway = (): void => {
    this.#leaving = true;
    if (this.#streams.size === 0) this.#rest();
  };

  #onStreamClosed(stream: ServerHttp2Stream, openedAt: number): void {
    this.#streams.delete(stream);
    if (this.#streams.size === 0) this.#rest();
    if (stream.rstCode === constants.NGHTTP2_NO_ERROR) return;
    const now = this.#parts.clock.now();
    if (now - openedAt < rapidMs) this.#countReset(now);
  }

  /**
   * Streams that are reset as soon as they are open get round the limit of open ones. nghttp2 counts them too, and at 1,000
   * says GOAWAY, but leaves the connection open, deaf.
   */
  #countReset(now: number): void {
    this.#resets = Math.max(0, this.#resets - ((now - this.#resetsAt) * resetsPerSecond) / 1_000) + 1;
    this.#resetsAt = now;
    if (this.#resets > maxResets) this.#refuse(constants.NGHTTP2_ENHANCE_YOUR_CALM, 'too_many_resets');
  }

  /** A peer may change its mind, but not for ever. */
  readonly #onSettings = (): void => {
    const now = this.#parts.clock.now();
    if (!this.#settled) {
      this.#settled = true;
      if (this.#streams.size === 0) this.#rest();
    }
    if (now - this.#settingsSince > settingsPeriodMs) {
      this.#settings = 0;
      this.#settingsSince = now;
    }
    this.#settings += 1;
    if (this.#settings > maxSettingsInPeriod) {
      this.#refuse(constants.NGHTTP2_ENHANCE_YOUR_CALM, 'too_many_settings');
    }
  };

  /**
   * Pings without anything between them are abuse when they come more often than each 5 s. Those that follow a new stream
   * or bytes sent are not: gRPC's clients measure the bandwidth with them.
   */
  readonly #onPing = (): void => {
    const now = this.#parts.clock.now();
    const window = this.#session.state.remoteWindowSize;
    if (this.#opened !== this.#openedAtPing || window !== this.#windowAtPing) this.#pingStrikes = 0;
    else if (now - this.#pingAt < minPingGapMs) this.#pingStrikes += 1;
    this.#pingAt = now;
    this.#openedAtPing = this.#opened;
    this.#windowAtPing = window;
    if (this.#pingStrikes >= maxPingStrikes) this.#refuse(constants.NGHTTP2_ENHANCE_YOUR_CALM, 'too_many_pings');
  };

  /** Ends the connection with the reason in a GOAWAY: `too_many_pings` is what gRPC's clients know it by. */
  #refuse(code: number, reason: string): void {
    if (this.#session.destroyed || this.#refused) return;
    this.#refused = true;
    this.#parts.refusals.say('an HTTP/2 peer was cut off', this.#peer, reason);
    setImmediate(() => {
      if (this.#session.destroyed) return;
      this.#session.goaway(code, 0, Buffer.from(reason));
      this.#session.destroy(new ServiceError('ResourceExhausted', reason), code);
    });
  }

  /** A reply is complete but not taken: from here on a peer that takes nothing of it has its time. */
  #watchReply(stream: ServerHttp2Stream): void {
    if (!stream.writableEnded || stream.writableFinished || stream.listenerCount('timeout') > 0) return;
    stream.setTimeout(this.#parts.options.replyTimeoutMs, () => stream.close(constants.NGHTTP2_CANCEL));
  }

  /** Whether the peer has vanished without a word: calls that last would be kept for it for ever. */
  #isGone(): boolean {
    const { bytesRead } = this.#socket;
    const now = this.#parts.clock.now();
    if (bytesRead !== this.#readAtLook) {
      this.#readAtLook = bytesRead;
      this.#heardAt = now;
      this.#asked = false;
      return false;
    }
    const silentMs = now - this.#heardAt;
    const { peerSilenceMs } = this.#parts.options;
    if (this.#asked) return silentMs >= peerSilenceMs;
    if (silentMs >= peerSilenceMs / 2) this.#asked = this.#session.ping(ignored);
    return false;
  }

  #rest(): void {
    this.#arm(this.#leaving || this.#session.closed ? flushMs : this.#parts.options.sessionIdleMs);
  }

  #arm(afterMs: number): void {
    const { wheel, clock } = this.#parts;
    wheel.remove(this);
    if (this.#socket.destroyed) return;
    this.deadline = clock.now() + afterMs;
    wheel.add(this);
  }
}

/** What a peer may send unread on all streams together; a stream has a quarter of it. */
const connectionWindowBytes = 1_024 * 1_024;

/** How long the last frames of a session that has closed may take to leave, and the peer to close its side. */
const flushMs = 1_000;

const minPingGapMs = 5_000;
const maxPingStrikes = 3;

/** gRPC's clients send settings each time they widen their window: a dozen in a connection's life. */
const settingsPeriodMs = 60_000;
const maxSettingsInPeriod = 100;

/** Below nghttp2's own 33 a second after a burst of 1,000, so that the connection is closed and not only deaf. */
const resetsPerSecond = 30;
const maxResets = 500;
const rapidMs = 100;

function ignored(): void {}
