import { type InboxEntry, type InboxMark, ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

/** How much a store remembers. All fields are optional. */
export interface MemoryInboxStoreOptions {
  /**
   * For how long an event that was handled is remembered, in milliseconds, 1,000 to 2,592,000,000 (30 days): longer than it may come
   * again. Default 86,400,000, a day.
   */
  readonly keepMs?: number | undefined;
  /**
   * How many events are remembered, 1 to 10,000,000, each at 0.3 to 1.2 KB. Where there are more, those that were handled longest ago are
   * forgotten. Default 50,000: up to 60 MB.
   */
  readonly maxEntries?: number | undefined;
}

/** {@link MemoryInboxStoreOptions} with every default filled in. */
export interface ResolvedMemoryInboxStoreOptions {
  readonly keepMs: number;
  readonly maxEntries: number;
}

/** Fills, checks and freezes. Throws `InvalidArgument` that names the option. */
export function resolveMemoryInboxStoreOptions(options: MemoryInboxStoreOptions): ResolvedMemoryInboxStoreOptions {
  const days = 86_400_000;
  return Object.freeze({
    keepMs: checkedNumber('memoryInbox.keepMs', options.keepMs, { min: 1_000, max: 30 * days, fallback: days }),
    maxEntries: checkedNumber('memoryInbox.maxEntries', options.maxEntries, {
      min: 1,
      max: 10_000_000,
      fallback: 50_000,
    }),
  });
}

/**
 * What the memory inboxes of one process share: a table of events, by their keys.
 *
 * What is held is never forgotten. Where as many are held as may be remembered, further ones are refused with `ResourceExhausted`.
 * Expiry is looked at when something is written or read: nothing runs in between.
 */
export class MemoryInboxStore {
  readonly #keepMs: number;
  readonly #maxEntries: number;
  readonly #held = new Map<string, InboxEntry>();
  /** In the order in which they were written, which is that in which they expire. */
  readonly #handled = new Map<string, Handled>();
  #revision = 0;
  #isCut = false;

  /** @throws ServiceError `InvalidArgument` that names the option. */
  constructor(options: MemoryInboxStoreOptions = {}) {
    const { keepMs, maxEntries } = resolveMemoryInboxStoreOptions(options);
    this.#keepMs = keepMs;
    this.#maxEntries = maxEntries;
  }

  /** How many events are known, expired ones included until something is written. */
  get size(): number {
    return this.#held.size + this.#handled.size;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  /** No inbox reaches the store: its methods reject with `Unavailable`. */
  cut(): void {
    this.#isCut = true;
  }

  heal(): void {
    this.#isCut = false;
  }

  /** @param now - milliseconds of the clock that all inboxes of the store share. */
  read(key: string, now: number): InboxEntry | undefined {
    const held = this.#held.get(key);
    if (held !== undefined) return held;
    const handled = this.#handled.get(key);
    return handled === undefined || handled.expiresAt <= now ? undefined : handled.entry;
  }

  write(key: string, mark: InboxMark, revision: number | undefined, now: number): number | undefined {
    this.#forgetExpired(now);
    if (this.read(key, now)?.revision !== revision) return undefined;
    if (revision === undefined) this.#makeRoom();
    this.#delete(key);
    this.#revision += 1;
    const { state, holder } = mark;
    const entry: InboxEntry = Object.freeze({ state, holder, revision: this.#revision });
    if (state === 'held') this.#held.set(key, entry);
    else this.#handled.set(key, { entry, expiresAt: now + this.#keepMs });
    return entry.revision;
  }

  remove(key: string, revision: number, now: number): boolean {
    return this.read(key, now)?.revision === revision && this.#delete(key);
  }

  #delete(key: string): boolean {
    return this.#held.delete(key) || this.#handled.delete(key);
  }

  #forgetExpired(now: number): void {
    for (const [key, { expiresAt }] of this.#handled) {
      if (expiresAt > now) return;
      this.#handled.delete(key);
    }
  }

  #makeRoom(): void {
    if (this.size < this.#maxEntries) return;
    for (const key of this.#handled.keys()) {
      this.#handled.delete(key);
      return;
    }
    const text = `${this.#maxEntries} events are held already, as many as memoryInbox.maxEntries says`;
    throw new ServiceError('ResourceExhausted', text, { executed: 'no' });
  }
}

interface Handled {
  readonly entry: InboxEntry;
  readonly expiresAt: number;
}
