import type { Lease } from '../../registry.js';
import { orAborted } from '../or-aborted.js';
import { type EntryHome, KeptEntry, type KeptEntryOptions } from './kept-entry.js';
import { closedError } from './open-watches.js';

/** What all entries of one registry have in common. */
export interface KeptEntriesOptions
  extends Pick<KeptEntryOptions, 'backoff' | 'releaseTimeoutMs' | 'clock' | 'logger'> {
  /** For the error of who comes too late: `the Consul registry`. */
  readonly registry: string;
}

/** What is to be registered: see {@link KeptEntryOptions}. */
export interface EntryToKeep extends Pick<KeptEntryOptions, 'home' | 'name' | 'ttlMs' | 'renewEveryMs'> {
  /** What it is registered as. Of two entries with the same key the newer one counts, and ends the older. */
  readonly key: string;
  /** Called once, when it was released and everything has ended. */
  readonly onReleased?: () => void;
}

/** The entries of one registry, each from its registration until it is released. */
export class KeptEntries {
  readonly #options: KeptEntriesOptions;
  /** Every entry that is not fully released yet. */
  readonly #all = new Map<EntryHome, KeptEntry>();
  /** The one that counts, by its key. */
  readonly #newest = new Map<string, KeptEntry>();
  #isClosed = false;

  constructor(options: KeptEntriesOptions) {
    this.#options = options;
  }

  /**
   * Puts an entry in, ends the older one of its key, and keeps it from then on.
   *
   * Rejects with what its home rejects with, with `Canceled` on abort, and with `FailedPrecondition` once all are released; what may have
   * been put in is then taken out in the background.
   */
  async register(given: EntryToKeep, signal: AbortSignal | undefined): Promise<Lease> {
    this.#assertOpen();
    const entry = this.#add(given);
    try {
      await orAborted(signal, () => entry.begin());
      this.#assertOpen();
      await this.#publish(given, entry);
      return entry;
    } catch (thrown) {
      void entry.release();
      throw thrown;
    }
  }

  /** Renews all of them now, or the one of a home: something has changed, such as a connection that is back. */
  hurry(home?: EntryHome): void {
    for (const [one, entry] of this.#all) if (home === undefined || home === one) entry.hurry();
  }

  /** Releases all, and takes no more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#all.values()].map((entry) => entry.release()));
  }

  #add({ key, onReleased, ...given }: EntryToKeep): KeptEntry {
    const entry: KeptEntry = new KeptEntry({
      ...this.#options,
      ...given,
      onReleased: () => {
        this.#all.delete(given.home);
        if (this.#newest.get(key) === entry) this.#newest.delete(key);
        onReleased?.();
      },
    });
    this.#all.set(given.home, entry);
    return entry;
  }

  async #publish({ key, home }: EntryToKeep, entry: KeptEntry): Promise<void> {
    const older = this.#newest.get(key);
    this.#newest.set(key, entry);
    if (older === undefined) return;
    await older.replaced();
    // A write of the older one may have come in between.
    if (home.restore === undefined) entry.hurry();
    else await home.restore();
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closedError(this.#options.registry);
  }
}
