import type { ClientHttp2Session } from 'node:http2';
import type { CancelTimer, Clock } from '@tenon/contract';
import { LifeSigns } from '@tenon/contract/authoring';

/**
 * Asks the peer of an HTTP/2 session for signs of life, no more often than servers bear. Those of Tenon cut a peer off that
 * pings three times less than 5 s after the ping before, unless a stream was opened in between; other servers are alike.
 */
export class Http2Signs {
  readonly #clock: Clock;
  readonly #bytesRead: () => number;
  readonly #mayOpenStream: () => boolean;
  readonly #signs: LifeSigns;
  #session: ClientHttp2Session | undefined = undefined;
  #asked = false;
  #askedAt = Number.NEGATIVE_INFINITY;
  #pingedAt = Number.NEGATIVE_INFINITY;
  #heardAt = Number.NEGATIVE_INFINITY;
  #quickPings = 0;
  #cancelDelayed: CancelTimer | undefined = undefined;

  /**
   * @param bytesRead - how many bytes the socket has read.
   * @param mayOpenStream - whether the peer takes another stream now.
   */
  constructor(clock: Clock, bytesRead: () => number, mayOpenStream: () => boolean) {
    this.#clock = clock;
    this.#bytesRead = bytesRead;
    this.#mayOpenStream = mayOpenStream;
    this.#signs = new LifeSigns(clock);
  }

  /** The connection stands, which is a sign by itself. */
  begin(session: ClientHttp2Session): void {
    this.#session = session;
    this.#heard();
  }

  /** A stream was opened. */
  streamOpened(): void {
    this.#quickPings = 0;
  }

  /** Whatever is read within the time is a sign. Before `begin` that is what it waits for. */
  ask(timeoutMs: number): Promise<boolean> {
    const readBefore = this.#bytesRead();
    const answer = this.#signs.within(timeoutMs, () => this.#bytesRead() !== readBefore);
    if (this.#session !== undefined && !this.#asked) this.#sendInTime(this.#session);
    return answer;
  }

  /** The connection is gone. */
  end(): void {
    this.#session = undefined;
    this.#cancelDelayed?.();
    this.#signs.end();
  }

  #sendInTime(session: ClientHttp2Session): void {
    const waitMs = this.#askedAt + spacingMs - this.#clock.now();
    if (waitMs <= 0) this.#send(session);
    else {
      this.#cancelDelayed ??= this.#clock.after(waitMs, () => {
        this.#cancelDelayed = undefined;
        if (this.#signs.awaited && !this.#asked) this.#send(session);
      });
    }
  }

  #send(session: ClientHttp2Session): void {
    if (session.destroyed) return;
    const now = this.#clock.now();
    const quick = now - this.#pingedAt < slowPingMs;
    if (!quick || this.#quickPings < maxQuickPings) {
      this.#asked = session.ping((error) => error === null && this.#answered());
      this.#pingedAt = now;
      if (quick) this.#quickPings += 1;
    } else if (this.#mayOpenStream()) {
      this.#openStream(session);
    } else {
      // Nothing may be asked now. What was heard within the time that servers want between pings has to do.
      if (now - this.#heardAt < slowPingMs) this.#heard();
      return;
    }
    this.#askedAt = now;
  }

  /** Asks for nothing: whoever answers, and be it with an error, is there. */
  #openStream(session: ClientHttp2Session): void {
    this.#asked = true;
    const stream = session.request({ ':method': 'OPTIONS', ':path': '*' }, { endStream: true });
    stream.on('error', ignore);
    stream.once('response', () => stream.resume());
    stream.once('close', () => {
      if (this.#session !== undefined) this.#answered();
    });
    this.streamOpened();
  }

  #answered(): void {
    this.#asked = false;
    this.#heard();
  }

  #heard(): void {
    this.#heardAt = this.#clock.now();
    this.#signs.heard();
  }
}

function ignore(): void {}

const spacingMs = 300;
/** A second more than servers want, for pings may overtake each other's delays. */
const slowPingMs = 6_000;
/** One fewer than servers bear. */
const maxQuickPings = 1;
