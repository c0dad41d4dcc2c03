import type { Clock } from '../clock.js';
import type { Logger } from '../logger.js';
import { ServiceError } from '../service-error.js';
import { type BackoffOptions, backoffMs } from './backoff.js';
import { type DialServer, dialAny, type LinkedSession } from './dial-any.js';
import { throwIfAborted, untilAborted } from './until-aborted.js';

/** What a {@link ServerLink} works with. */
export interface LinkParts<S extends LinkedSession, A> {
  /** As people call the server: `Redis`. */
  readonly name: string;
  readonly settings: LinkSettings<A>;
  readonly dial: DialServer<S, A>;
  readonly listener: LinkListener<S>;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Where to connect to, and how patiently. */
export interface LinkSettings<A> {
  readonly servers: readonly A[];
  readonly connectTimeoutMs: number;
  readonly reconnect: BackoffOptions;
}

/** Told about each change, in order, synchronously. */
export interface LinkListener<S> {
  up(session: S, isAgain: boolean): void;
  down(): void;
}

/** Keeps one session with one of the servers: the first by `start`, each later one by itself, for ever. */
export class ServerLink<S extends LinkedSession, A> {
  readonly #name: string;
  readonly #settings: LinkSettings<A>;
  readonly #dial: DialServer<S, A>;
  readonly #listener: LinkListener<S>;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  #session: S | undefined;
  #upAt = 0;
  #attempt = 0;
  #state: 'new' | 'starting' | 'started' = 'new';
  #work: Promise<void> = Promise.resolve();
  #arrivals: (() => void)[] = [];

  constructor({ name, settings, dial, listener, logger, clock }: LinkParts<S, A>) {
    this.#name = name;
    this.#settings = settings;
    this.#dial = dial;
    this.#listener = listener;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** The session, while there is one. */
  get session(): S | undefined {
    return this.#session;
  }

  /** Whether it has ever been connected: from then on it looks after itself. */
  get isStarted(): boolean {
    return this.#state === 'started';
  }

  /**
   * Connects to one of the servers. Does nothing where it did before. Rejects with `Unavailable`, `Unauthenticated` or
   * `Canceled` and leaves nothing open.
   */
  async start(signal: AbortSignal): Promise<void> {
    if (this.#state === 'started') return;
    if (this.#state === 'starting') {
      throw new ServiceError('FailedPrecondition', `the link to ${this.#name} is starting already`, { executed: 'no' });
    }
    this.#state = 'starting';
    const connecting = this.#connect(AbortSignal.any([signal, this.#closing.signal]), (session) => {
      this.#logger.info(`${this.#name} connected`, { server: session.server });
      this.#state = 'started';
      this.#up(session, false);
    });
    this.#work = connecting.catch(() => {});
    try {
      await connecting;
    } catch (failure) {
      this.#state = 'new';
      throw failure;
    }
  }

  /** The session, once there is one. Rejects with `Canceled` on abort; never settles after `close`. */
  async connected(signal: AbortSignal | undefined): Promise<S> {
    for (;;) {
      throwIfAborted(signal);
      const session = this.#session;
      if (session !== undefined) return session;
      await untilAborted(new Promise<void>((resolve) => this.#arrivals.push(resolve)), signal);
    }
  }

  /**
   * The session of now, or the next within `maxMs`, which may be `Infinity`. Rejects with `Unavailable` after that, and with `Canceled`
   * on abort and on `close`.
   */
  async connectedWithin(maxMs: number, signal: AbortSignal | undefined): Promise<S> {
    const late = new AbortController();
    const cancel = maxMs === Number.POSITIVE_INFINITY ? () => {} : this.#clock.after(maxMs, () => late.abort());
    const given = [this.#closing.signal, ...(signal === undefined ? [] : [signal])];
    try {
      return await this.connected(AbortSignal.any([late.signal, ...given]));
    } catch (failure) {
      if (given.some(({ aborted }) => aborted)) throw failure;
      throw new ServiceError('Unavailable', `${this.#name} was away for ${maxMs} ms`, { executed: 'no' });
    } finally {
      cancel();
    }
  }

  /** Disconnects and gives up whatever it was at. Resolves when nothing is left. */
  async close(): Promise<void> {
    this.#closing.abort();
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
    await this.#work;
  }

  #up(session: S, isAgain: boolean): void {
    this.#session = session;
    this.#upAt = this.#clock.now();
    void session.ended.then(() => this.#lost(session));
    this.#listener.up(session, isAgain);
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    for (const arrive of arrivals) arrive();
  }

  #lost(session: S): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    // A server that lets us in and throws us out again must not be knocked at without pause.
    if (this.#clock.now() - this.#upAt >= this.#settings.reconnect.maxMs) this.#attempt = 0;
    this.#logger.warn(`${this.#name} connection lost; connecting again until it is back`, { server: session.server });
    this.#listener.down();
    this.#work = this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    const { signal } = this.#closing;
    const lostAt = this.#clock.now();
    let saidAt = lostAt;
    for (;;) {
      this.#attempt += 1;
      await this.#pause(backoffMs(this.#attempt, this.#settings.reconnect));
      if (signal.aborted) return;
      try {
        await this.#connect(signal, (session) => {
          const awayMs = Math.round(this.#clock.now() - lostAt);
          this.#logger.info(`${this.#name} is back`, { server: session.server, awayMs });
          this.#up(session, true);
        });
        return;
      } catch (failure) {
        if (signal.aborted) return;
        const now = this.#clock.now();
        if (now - saidAt < reminderMs) continue;
        saidAt = now;
        const error = ServiceError.from(failure);
        this.#logger.warn(`${this.#name} is still away`, {
          awayMs: Math.round(now - lostAt),
          attempt: this.#attempt,
          error,
        });
      }
    }
  }

  /** Hands a new session over in the turn in which nobody has called it off. */
  async #connect(signal: AbortSignal, take: (session: S) => void): Promise<void> {
    const { servers, connectTimeoutMs: timeoutMs } = this.#settings;
    const session = await dialAny(this.#dial, servers, { timeoutMs, signal }, this.#clock);
    if (!signal.aborted) return take(session);
    await session.close();
    throwIfAborted(signal);
  }

  /** Resolves after the delay, or at once on close. */
  #pause(delayMs: number): Promise<void> {
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = (): void => {
        cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const cancel = this.#clock.after(delayMs, end);
      signal.addEventListener('abort', end);
    });
  }
}

const reminderMs = 60 * 1_000;
