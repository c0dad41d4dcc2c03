import { type Clock, type Lifecycle, type Logger, type Registry, ServiceError } from '@tenon/contract';
import { type BackoffOptions, backoffMs, Pause } from '@tenon/contract/authoring';

/** What a part is made of. */
export interface PartOptions {
  readonly registry: Registry;
  /** For errors and logs. */
  readonly name: string;
  readonly isRead: boolean;
  readonly isWritten: boolean;
}

/** One of the registries: its life, and how it is named when something is wrong with it. */
export class Part {
  readonly registry: Registry;
  readonly name: string;
  readonly isRead: boolean;
  readonly isWritten: boolean;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #life: Lifecycle;
  readonly #pause: Pause;
  readonly #closing = new AbortController();
  /** Why it has not started yet; undefined where it has, or was never asked to. */
  #notStarted: ServiceError | undefined;
  #hasStarted = false;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor({ registry, name, isRead, isWritten }: PartOptions, clock: Clock, logger: Logger) {
    this.registry = registry;
    this.name = name;
    this.isRead = isRead;
    this.isWritten = isWritten;
    this.#clock = clock;
    this.#logger = logger.child({ registry: name });
    this.#life = registry as Lifecycle;
    this.#pause = new Pause(clock);
  }

  get trouble(): ServiceError | undefined {
    return this.#notStarted ?? this.registry.trouble;
  }

  /** The registry, to be used. Throws where it has not started, with the reason. */
  get started(): Registry {
    if (this.#notStarted !== undefined) throw this.#notStarted;
    return this.registry;
  }

  /** Starts it, unless it has started. Rejects with its reason. */
  async start(signal: AbortSignal): Promise<void> {
    if (this.#hasStarted) return;
    try {
      await this.#life.start?.(signal);
      this.#hasStarted = true;
      this.#notStarted = undefined;
    } catch (thrown) {
      this.#notStarted = ServiceError.from(thrown, { code: 'Unavailable', executed: 'no' });
      throw this.#notStarted;
    }
  }

  /** Goes on trying to start it, until it has or is closed. */
  async keepStarting(): Promise<void> {
    const { signal } = this.#closing;
    for (let failures = 1; !this.#hasStarted; failures += 1) {
      await this.#pause.for(backoffMs(failures, partBackoff));
      if (signal.aborted) return;
      await this.start(signal).catch(() => {});
    }
    this.#logger.info('a registry that was away has started');
  }

  async drain(signal: AbortSignal): Promise<void> {
    await this.#life.drain?.(signal);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#pause.wake();
    await this.registry.close();
  }

  /** Says that it is away and that the others go on without it: once a minute, because every watch notices. */
  away(error: unknown): void {
    const now = this.#clock.now();
    if (now - this.#saidAt < quietMs) return;
    this.#saidAt = now;
    this.#logger.warn('one of several registries does not answer; the others go on without it', { error });
  }
}

/** The waits between attempts at a part that is away. */
export const partBackoff: BackoffOptions = Object.freeze({ baseMs: 500, factor: 1.6, maxMs: 5_000, jitter: 0.5 });

const quietMs = 60_000;
