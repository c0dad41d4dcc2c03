import type { RegistryEvent } from '../../registry.js';
import type { ServiceError } from '../../service-error.js';
import type { ServiceRecord } from '../../service-record.js';
import type { LatestValue } from '../latest-value.js';
import { groupedByVersion } from './grouped-by-version.js';

/**
 * What the reader of one watch is told, for registries that follow each service by itself: a set where it is another one than before, one
 * error for each interruption, however many attempts it takes, and a set in any case when that is over.
 */
export class WatchTeller {
  readonly #events: LatestValue<RegistryEvent>;
  #told: readonly ServiceRecord[] | undefined;
  #isInterrupted = false;

  constructor(events: LatestValue<RegistryEvent>) {
    this.#events = events;
  }

  /** Whether an error was told, and no set since. */
  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  /**
   * Tells the whole set, which also ends an interruption. Returns whether it did.
   *
   * @param records - each of one node, always in the same order. A node that did not change keeps its record, so that identity tells.
   */
  set(records: readonly ServiceRecord[]): boolean {
    const isHealed = this.#isInterrupted;
    const isNews = isHealed || this.#told === undefined || !isSame(records, this.#told);
    this.#isInterrupted = false;
    this.#told = records;
    if (isNews) this.#events.set({ kind: 'set', records: groupedByVersion(records) });
    return isHealed;
  }

  /** Tells that the last set may be stale. Returns false where that was told already. */
  interrupted(error: ServiceError): boolean {
    if (this.#isInterrupted) return false;
    this.#isInterrupted = true;
    this.#events.set({ kind: 'error', error });
    return true;
  }
}

function isSame(records: readonly ServiceRecord[], others: readonly ServiceRecord[]): boolean {
  return records.length === others.length && records.every((record, index) => record === others[index]);
}
