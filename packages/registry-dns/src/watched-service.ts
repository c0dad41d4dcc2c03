import { type Clock, type Logger, type RegistryEvent, ServiceError, type ServiceRecord } from '@tenon/contract';
import { backoffMs, type LatestValue, Pause } from '@tenon/contract/authoring';
import type { ResolvedDnsOptions } from './dns-options.js';

/** What a watched service needs. */
export interface WatchedServiceParts {
  readonly options: Pick<ResolvedDnsOptions, 'refreshIntervalMs' | 'backoff'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Asks once. Rejects with `Unavailable`. */
  readonly ask: () => Promise<readonly ServiceRecord[]>;
}

/** One service that is asked for again and again, for all watches of it together, until the last one is left. */
export class WatchedService {
  readonly #service: string;
  readonly #parts: WatchedServiceParts;
  readonly #followers = new Set<LatestValue<RegistryEvent>>();
  readonly #pause: Pause;
  #records: readonly ServiceRecord[] | undefined;
  #trouble: ServiceError | undefined;
  #isStopped = false;

  constructor(service: string, parts: WatchedServiceParts) {
    this.#service = service;
    this.#parts = parts;
    this.#pause = new Pause(parts.clock);
    void this.#run();
  }

  /** Why the newest set may be stale. */
  get trouble(): ServiceError | undefined {
    return this.#trouble;
  }

  get isWatched(): boolean {
    return this.#followers.size > 0;
  }

  follow(events: LatestValue<RegistryEvent>): void {
    this.#followers.add(events);
    const event = this.#newest();
    if (event !== undefined) events.set(event);
  }

  leave(events: LatestValue<RegistryEvent>): void {
    this.#followers.delete(events);
  }

  stop(): void {
    this.#isStopped = true;
    this.#pause.wake();
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#isStopped) {
      const before = this.#trouble;
      const isNew = await this.#ask();
      if (this.#isStopped) return;
      if (isNew) this.#tell();
      failures = this.#trouble === undefined ? 0 : failures + 1;
      if (before === undefined && this.#trouble !== undefined)
        this.#parts.logger.warn('DNS cannot be asked for a service; its last known nodes stand', {
          service: this.#service,
          error: this.#trouble,
        });
      const { refreshIntervalMs, backoff } = this.#parts.options;
      const every = { baseMs: refreshIntervalMs, factor: 1, maxMs: refreshIntervalMs, jitter: 0.2 };
      await this.#pause.for(failures === 0 ? backoffMs(1, every) : backoffMs(failures, backoff));
    }
  }

  /** Returns whether there is something to tell: another set, trouble, or the end of it. */
  async #ask(): Promise<boolean> {
    const before = this.#trouble;
    try {
      const records = await this.#parts.ask();
      const isSame = before === undefined && this.#records !== undefined && isEqual(this.#records, records);
      this.#trouble = undefined;
      if (!isSame) this.#records = records;
      return !isSame;
    } catch (thrown) {
      this.#trouble = ServiceError.from(thrown, { code: 'Unavailable', executed: 'no' });
      return before === undefined;
    }
  }

  #newest(): RegistryEvent | undefined {
    if (this.#trouble !== undefined) return { kind: 'error', error: this.#trouble };
    return this.#records === undefined ? undefined : { kind: 'set', records: this.#records };
  }

  #tell(): void {
    const event = this.#newest();
    if (event !== undefined) for (const follower of this.#followers) follower.set(event);
  }
}

/** Both were made from sorted answers by the same code. */
function isEqual(one: readonly ServiceRecord[], other: readonly ServiceRecord[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
