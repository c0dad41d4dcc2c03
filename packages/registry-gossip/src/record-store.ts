import type { CancelTimer, Clock, ServiceRecord } from '@tenon/contract';
import type { RecordTable } from '@tenon/contract/authoring';
import { digestOf } from './wire/digest.js';
import type { Origin } from './wire/update.js';

/** What is known of one entry, whoever registered it. */
export interface StoredEntry {
  readonly record: ServiceRecord;
  /** As it was written. */
  readonly json: Buffer;
  /** Absent where go-micro told it, which says nothing of who registered it. */
  readonly origin: Origin | undefined;
  /** By the clock. `Infinity` while its owner lives. */
  readonly expiresAt: number;
}

/**
 * All entries that were heard of. One whose owner is known stands as long as that member lives; when it dies the entry is hidden at once, and
 * forgotten after its time to live, unless the member is back before. One of go-micro stands until its time is over.
 *
 * Of two messages about one entry the one with the higher stamp holds. The stamps of what is gone are kept for a while, so that an old message
 * which is heard again, late or replayed, brings nothing back.
 */
export class RecordStore {
  readonly #table: RecordTable;
  readonly #clock: Clock;
  readonly #lives: (member: string) => boolean;
  readonly #entries = new Map<string, StoredEntry>();
  /** The entries of each member. */
  readonly #owned = new Map<string, Set<string>>();
  /** The stamp of what is gone, oldest first. */
  readonly #gone = new Map<string, { readonly stamp: number; readonly since: number }>();
  #cancelSweep: CancelTimer = () => {};
  #isClosed = false;

  /** @param lives - whether a member of this name is in the cluster now. */
  constructor(table: RecordTable, clock: Clock, lives: (member: string) => boolean) {
    this.#table = table;
    this.#clock = clock;
    this.#lives = lives;
    this.#sweepLater();
  }

  get entries(): Iterable<readonly [string, StoredEntry]> {
    return this.#entries;
  }

  get(key: string): StoredEntry | undefined {
    return this.#entries.get(key);
  }

  /** The entries of one member, hidden ones too. */
  *ownedBy(owner: string): Generator<readonly [string, StoredEntry]> {
    for (const key of this.#owned.get(owner) ?? []) {
      const entry = this.#entries.get(key);
      if (entry !== undefined) yield [key, entry];
    }
  }

  /** What is known of one member's entries, to be compared with what it says. */
  digest(owner: string): Buffer {
    const owned = [...this.ownedBy(owner)];
    return digestOf(owned.map(([key, { origin }]) => [key, origin?.stamp ?? 0] as const));
  }

  /** Whether a message of this origin says anything new about an entry. One of go-micro has no stamp and always may. */
  isNews(key: string, origin: Origin | undefined): boolean {
    const known = this.#entries.get(key);
    if (origin === undefined) return known === undefined || known.origin === undefined;
    return origin.stamp > Math.max(known?.origin?.stamp ?? 0, this.#gone.get(key)?.stamp ?? 0);
  }

  /** Puts an entry in. @param ttlMs - how long one stands whose owner is not known, or does not live. */
  put(key: string, { record, json, origin }: Omit<StoredEntry, 'expiresAt'>, ttlMs: number): void {
    const before = this.#entries.get(key);
    if (before === undefined && this.#entries.size >= maxEntries) return;
    // The same again is no change: whoever follows is told nothing.
    const kept = before?.json.equals(json) === true ? before.record : record;
    const owner = origin?.owner;
    const isShown = owner === undefined || this.#lives(owner);
    const expiresAt = owner !== undefined && isShown ? Number.POSITIVE_INFINITY : this.#clock.now() + ttlMs;
    this.#disown(key, before);
    this.#gone.delete(key);
    this.#entries.set(key, { record: kept, json, origin, expiresAt });
    if (owner !== undefined) this.#owned.set(owner, (this.#owned.get(owner) ?? new Set()).add(key));
    if (isShown) this.#table.put(key, kept);
    else this.#table.delete(key);
  }

  /** Takes an entry out. Its stamp is kept. */
  delete(key: string, stamp: number): void {
    this.#takeOut(key, Math.max(stamp, this.#entries.get(key)?.origin?.stamp ?? 0));
  }

  /** Somebody came, died or left. */
  ownerChanged(owner: string): void {
    const lives = this.#lives(owner);
    for (const [key, entry] of [...this.ownedBy(owner)]) {
      const ttlMs = lives ? Number.POSITIVE_INFINITY : (entry.origin?.ttlMs ?? 0);
      this.#entries.set(key, { ...entry, expiresAt: this.#clock.now() + ttlMs });
      if (lives) this.#table.put(key, entry.record);
      else this.#table.delete(key);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelSweep();
  }

  /** Nothing of this stamp or below brings the entry back. */
  #takeOut(key: string, stamp: number): void {
    this.#disown(key, this.#entries.get(key));
    this.#entries.delete(key);
    this.#table.delete(key);
    this.#gone.delete(key);
    this.#gone.set(key, { stamp, since: this.#clock.now() });
    const [oldest] = this.#gone.keys();
    if (this.#gone.size > maxEntries && oldest !== undefined) this.#gone.delete(oldest);
  }

  #disown(key: string, entry: StoredEntry | undefined): void {
    const owner = entry?.origin?.owner;
    if (owner === undefined) return;
    const keys = this.#owned.get(owner);
    keys?.delete(key);
    if (keys?.size === 0) this.#owned.delete(owner);
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#clock.after(sweepEveryMs, () => {
      this.#sweep();
      if (!this.#isClosed) this.#sweepLater();
    });
  }

  #sweep(): void {
    const now = this.#clock.now();
    for (const [key, { expiresAt, origin }] of this.#entries) {
      // Nobody took it out: its owner may come back with just this entry.
      if (expiresAt <= now) this.#takeOut(key, (origin?.stamp ?? 1) - 1);
    }
    for (const [key, { since }] of this.#gone) {
      if (now - since < keepGoneMs) break;
      this.#gone.delete(key);
    }
  }
}

const sweepEveryMs = 200;
const keepGoneMs = 15 * 60_000;
/** Bounds the memory, whatever is claimed. */
const maxEntries = 200_000;
