import type { NatsConnection } from '@nats-io/transport-node';
import { type Clock, type Logger, ServiceError } from '@tenon/contract';
import { type BackoffOptions, backoffMs } from '@tenon/contract/authoring';
import type { Dial, Session } from './dial.js';
import { throwIfAborted, untilAborted } from './until-aborted.js';

/** Where to connect to, and how patiently. */
export interface LinkSettings {
  readonly servers: readonly string[];
  readonly connectTimeoutMs: number;
  readonly reconnect: BackoffOptions;
}

/** Told about each change, in order, synchronously. */
export interface LinkListener {
  up(connection: NatsConnection, isAgain: boolean): void;
  down(): void;
}

/** Keeps one session with one of the servers: the first by `start`, each later one by itself, for ever. */
export class NatsLink {
  readonly #settings: LinkSettings;
  readonly #dial: Dial;
  readonly #listener: LinkListener;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  #session: Session | undefined;
  #upAt = 0;
  #attempt = 0;
  #state: 'new' | 'starting' | 'started' = 'new';
  #work: Promise<void> = Promise.resolve();
  #arrivals: (() => void)[] = [];

  constructor(settings: LinkSettings, dial: Dial, listener: LinkListener, logger: Logger, clock: Clock) {
    this.#settings = settings;
    this.#dial = dial;
    this.#listener = listener;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** The connection, while there is one. */
  get connection(): NatsConnection | undefined {
    return this.#session?.connection;
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
      throw new ServiceError('FailedPrecondition', 'the NATS transport is starting already', { executed: 'no' });
    }
    this.#state = 'starting';
    const connecting = this.#connect(AbortSignal.any([signal, this.#closing.signal]), (session) => {
      this.#logger.info('NATS connected', { server: session.server });
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

  /** The connection, once there is one. Rejects with `Canceled` on abort; never settles after `close`. */
  async connected(signal: AbortSignal | undefined): Promise<NatsConnection> {
    for (;;) {
      throwIfAborted(signal);
      const session = this.#session;
      if (session !== undefined) return session.connection;
      await untilAborted(new Promise<void>((resolve) => this.#arrivals.push(resolve)), signal);
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

  #up(session: Session, isAgain: boolean): void {
    this.#session = session;
    this.#upAt = this.#clock.now();
    void session.ended.then(() => this.#lost(session));
    this.#listener.up(session.connection, isAgain);
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    for (const arrive of arrivals) arrive();
  }

  #lost(session: Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    // A server that lets us in and throws us out again must not be knocked at without pause.
    if (this.#clock.now() - this.#upAt >= this.#settings.reconnect.maxMs) this.#attempt = 0;
    this.#logger.warn('NATS connection lost; connecting again until it is back', { server: session.server });
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
          this.#logger.info('NATS is back', { server: session.server, awayMs });
          this.#up(session, true);
        });
        return;
      } catch (failure) {
        if (signal.aborted) return;
        const now = this.#clock.now();
        if (now - saidAt < reminderMs) continue;
        saidAt = now;
        const error = ServiceError.from(failure);
        this.#logger.warn('NATS is still away', { awayMs: Math.round(now - lostAt), attempt: this.#attempt, error });
      }
    }
  }

  /** Hands a new session over in the turn in which nobody has called it off. */
  async #connect(signal: AbortSignal, take: (session: Session) => void): Promise<void> {
    const session = await this.#dialAny(signal);
    if (!signal.aborted) return take(session);
    await session.close();
    throwIfAborted(signal);
  }

  /** Tries the servers in random order, within one timeout for all of them. */
  async #dialAny(signal: AbortSignal): Promise<Session> {
    const servers = shuffled(this.#settings.servers);
    const end = this.#clock.now() + this.#settings.connectTimeoutMs;
    let refusal: ServiceError | undefined;
    for (const [index, server] of servers.entries()) {
      throwIfAborted(signal);
      // Each gets its share of what is left, so that a silent one does not use up the others' time.
      const timeoutMs = Math.max(1, Math.floor((end - this.#clock.now()) / (servers.length - index)));
      try {
        return await this.#dial(server, { timeoutMs, signal });
      } catch (failure) {
        refusal = ServiceError.from(failure, { code: 'Unavailable', executed: 'no' });
      }
    }
    throwIfAborted(signal);
    throw refusal ?? new ServiceError('Unavailable', 'no NATS server answered', { executed: 'no' });
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

function shuffled<T>(list: readonly T[]): readonly T[] {
  return list
    .map((item) => ({ item, rank: Math.random() }))
    .sort((left, right) => left.rank - right.rank)
    .map(({ item }) => item);
}

const reminderMs = 60 * 1_000;
