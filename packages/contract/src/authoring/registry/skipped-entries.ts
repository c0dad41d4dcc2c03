import type { Clock } from '../../clock.js';
import type { Logger } from '../../logger.js';
import { ServiceError } from '../../service-error.js';

/** An entry that cannot be used, as {@link SkippedEntries.met} takes it. */
export interface SkippedEntry {
  readonly key: string;
  readonly fingerprint: string;
  readonly thrown: unknown;
}

/**
 * Entries of others that cannot be used: left out, and warned about once each, in one line a minute at most, however often they
 * are met. An entry that is written anew, with another fingerprint, is another one.
 */
export class SkippedEntries {
  readonly #logger: Logger;
  readonly #clock: Clock;
  /** The fingerprint of each entry that was warned about, by key, oldest first. */
  readonly #known = new Map<string, string>();
  #fresh: { readonly key: string; readonly reason: string }[] = [];
  #freshCount = 0;
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** One was met. `fingerprint` tells this value from the next one under the same key: a revision, an index, or its text. */
  met(key: string, fingerprint: string, thrown: unknown): void {
    this.metAll([{ key, fingerprint, thrown }]);
  }

  /** Those that one reading met, which share a line. */
  metAll(entries: readonly SkippedEntry[]): void {
    for (const entry of entries) this.#count(entry);
    this.#warn();
  }

  #count({ key, fingerprint, thrown }: SkippedEntry): void {
    const print = fingerprint.slice(0, 128);
    if (this.#known.get(key) === print) return;
    this.#known.delete(key);
    this.#known.set(key, print);
    this.#forgetOldest();
    this.#freshCount += 1;
    if (this.#fresh.length < 3)
      this.#fresh.push({ key: key.slice(0, 512), reason: ServiceError.from(thrown).rawMessage });
  }

  #warn(): void {
    const now = this.#clock.now();
    if (this.#freshCount === 0 || now - this.#warnedAt < quietMs) return;
    this.#logger.warn('registry entries were skipped', { count: this.#freshCount, first: this.#fresh });
    this.#warnedAt = now;
    this.#fresh = [];
    this.#freshCount = 0;
  }

  #forgetOldest(): void {
    if (this.#known.size <= maxKnown) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

const quietMs = 60_000;
/** Only a bound for memory: beyond it, the oldest may be warned about once more. */
const maxKnown = 20_000;
