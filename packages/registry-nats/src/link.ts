import {
  type Msg,
  type NatsConnection,
  PermissionViolationError,
  type Status,
  type Subscription,
} from '@nats-io/transport-node';
import { type Clock, type Logger, ServiceError } from '@tenon/contract';
import { backoffMs, Pause } from '@tenon/contract/authoring';
import { type NatsSession, natsDial, natsError } from '@tenon/nats';
import type { ResolvedNatsRegistryOptions } from './nats-registry-options.js';

/** One connection, from when it works until it ends. */
export interface Connected {
  readonly connection: NatsConnection;
  /** What the server does not let us do, by subject. */
  readonly refusals: Map<string, ServiceError>;
  /** Ends the connection at once, also where nobody answers at its other end. */
  readonly drop: () => void;
}

/** Told about each change, in order. */
export interface LinkListener {
  up(connected: Connected): void;
  down(reason: ServiceError): void;
}

/** Keeps one connection with one of the servers, from when one is first wanted until `close`. */
export class Link {
  readonly #options: ResolvedNatsRegistryOptions;
  readonly #listener: LinkListener;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #pause: Pause;
  readonly #servers: readonly string[];
  #next = 0;
  #connected: Connected | undefined;
  #trouble: ServiceError | undefined;
  #attemptEndedAt = Number.NEGATIVE_INFINITY;
  #waiting = new Set<() => void>();
  #running: Promise<void> | undefined;
  #endSession = (): Promise<void> => Promise.resolve();
  #isClosed = false;

  constructor(options: ResolvedNatsRegistryOptions, listener: LinkListener, logger: Logger, clock: Clock) {
    this.#options = options;
    this.#listener = listener;
    this.#logger = logger;
    this.#clock = clock;
    this.#pause = new Pause(clock);
    const offset = Math.floor(Math.random() * options.servers.length);
    this.#servers = options.servers.map(
      (_, index) => options.servers[(index + offset) % options.servers.length] as string,
    );
  }

  get current(): Connected | undefined {
    return this.#connected;
  }

  /** Why there is no connection; `undefined` where there is one, or none was wanted yet. */
  get trouble(): ServiceError | undefined {
    return this.#connected === undefined ? this.#trouble : undefined;
  }

  /** The connection: at once where there is one, else the next. Rejects with why there is none when an attempt failed or took too long. */
  async connected(): Promise<Connected> {
    if (this.#connected !== undefined) return this.#connected;
    return new Promise((resolve, reject) => {
      const { connectTimeoutMs, backoff } = this.#options;
      let stopHurrying = (): void => {};
      const settle = (): void => {
        stopHurrying();
        cancel();
        this.#waiting.delete(settle);
        if (this.#connected !== undefined) resolve(this.#connected);
        else reject(this.#trouble ?? unavailable(`NATS did not answer within ${connectTimeoutMs} ms`));
      };
      this.#waiting.add(settle);
      const cancel = this.#clock.after(connectTimeoutMs, settle);
      if (this.#isClosed) return settle();
      this.#running ??= this.#run();
      // Whoever asks need not wait until the backoff is over, but does not make it shorter than its first step either.
      const hurryMs = this.#attemptEndedAt + backoff.baseMs - this.#clock.now();
      stopHurrying = this.#clock.after(Math.max(0, hurryMs), () => this.#pause.wake());
    });
  }

  /**
   * Resolves when the server has taken everything that was said, and everything that it had for us was heard. Rejects where it refused one of
   * the subjects, or does not answer, which ends the connection.
   */
  async settled({ connection, refusals, drop }: Connected, subjects: readonly string[] = []): Promise<void> {
    const bound = new Pause(this.#clock);
    const late = bound.for(this.#options.connectTimeoutMs).then(() => 'late' as const);
    const ended = connection.closed().then(() => 'ended' as const);
    const flushed = connection.flush().then(
      () => 'flushed' as const,
      () => 'ended' as const,
    );
    const outcome = await Promise.race([flushed, late, ended]);
    bound.wake();
    if (outcome === 'late') drop();
    if (outcome !== 'flushed') throw unavailable('NATS did not take what was said');
    // Refusals come before the answer to the flush, and are read a turn later.
    await new Promise((resolve) => setImmediate(resolve));
    for (const subject of subjects) {
      const refusal = refusals.get(subject);
      if (refusal !== undefined) throw refusal;
    }
  }

  /** Ends it. What is on its way is lost. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#pause.wake();
    await this.#endSession();
    await this.#running;
  }

  /** Stops trying, until a connection is wanted again. */
  async stop(): Promise<void> {
    await this.close();
    this.#isClosed = false;
    this.#attemptEndedAt = Number.NEGATIVE_INFINITY;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#isClosed; ) {
      const since = this.#clock.now();
      try {
        await this.#session();
        // A server that lets us in and throws us out again must not be knocked at without pause.
        failures = this.#clock.now() - since > this.#options.backoff.maxMs ? 1 : failures + 1;
      } catch (thrown) {
        failures += 1;
        this.#trouble = ServiceError.from(thrown);
        if (failures === 1) this.#logger.warn('NATS cannot be reached', { error: this.#trouble });
        // Another server may do.
        if (!this.#isClosed && failures % this.#servers.length !== 0) continue;
        if (!this.#isClosed) this.#listener.down(this.#trouble);
      }
      this.#attemptEndedAt = this.#clock.now();
      this.#tellWaiting();
      if (!this.#isClosed)
        await this.#pause.for(backoffMs(Math.max(1, failures / this.#servers.length), this.#options.backoff));
    }
    this.#running = undefined;
  }

  /** Resolves when a connection has come and gone, rejects where none came. */
  async #session(): Promise<void> {
    const server = this.#servers[this.#next % this.#servers.length] as string;
    this.#next += 1;
    const refusals = new Map<string, ServiceError>();
    const session = await this.#dial(server, refusals);
    this.#endSession = () => session.close();
    if (this.#isClosed) return this.#endSession();
    const { connection, drop } = session;
    const connected: Connected = { connection, refusals, drop };
    this.#connected = connected;
    this.#logger.debug('connected with NATS', { server });
    this.#listener.up(connected);
    this.#tellWaiting();
    const failure = await connection.closed();
    this.#connected = undefined;
    this.#trouble = natsError(failure ?? undefined, `the connection with NATS at ${server} was lost`, {
      executed: 'no',
    });
    if (this.#isClosed) return;
    this.#logger.warn('the connection with NATS was lost', { error: this.#trouble });
    this.#listener.down(this.#trouble);
  }

  async #dial(server: string, refusals: Connected['refusals']): Promise<NatsSession> {
    const settings = { ...this.#options, name: 'tenon registry' };
    const dial = natsDial(settings, this.#clock, (status) => this.#reported(status, refusals));
    // All servers together take no longer than one may.
    const timeoutMs = Math.max(50, Math.round(this.#options.connectTimeoutMs / this.#servers.length));
    const calledOff = new AbortController();
    this.#endSession = async () => calledOff.abort();
    try {
      return await dial(server, { timeoutMs, signal: calledOff.signal });
    } catch (thrown) {
      throw calledOff.signal.aborted ? unavailable('the registry was closed') : thrown;
    }
  }

  #reported(status: Status, refusals: Connected['refusals']): void {
    if (status.type !== 'error') return;
    const error = natsError(status.error, 'NATS refuses', { executed: 'no' });
    if (status.error instanceof PermissionViolationError) refusals.set(status.error.subject, error);
    this.#logger.warn('NATS reports an error', { error });
  }

  #tellWaiting(): void {
    for (const settle of [...this.#waiting]) settle();
  }
}

/** Subscribes, and leaves errors to the status of the connection, which has them too. */
export function listen(connection: NatsConnection, subject: string, take: (message: Msg) => void): Subscription {
  return connection.subscribe(subject, {
    callback: (failure, message) => {
      if (failure === null) take(message);
    },
  });
}

export function unavailable(message: string, cause?: unknown): ServiceError {
  return new ServiceError('Unavailable', message, { executed: 'no', cause });
}
