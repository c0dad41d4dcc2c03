import { type Clock, type InboxEntry, type InboxMark, type InboxStore, ServiceError } from '@tenon/contract';
import type { MemoryInboxStore } from './memory-inbox-store.js';

/** One client of a {@link MemoryInboxStore}. */
export class MemoryInbox implements InboxStore {
  readonly #store: MemoryInboxStore;
  readonly #clock: Clock;
  #isClosed = false;

  constructor(store: MemoryInboxStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async read(key: string): Promise<InboxEntry | undefined> {
    return this.#reached().read(key, this.#clock.now());
  }

  async write(key: string, mark: InboxMark, revision: number | undefined): Promise<number | undefined> {
    return this.#reached().write(key, mark, revision, this.#clock.now());
  }

  async remove(key: string, revision: number): Promise<boolean> {
    return this.#reached().remove(key, revision, this.#clock.now());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #reached(): MemoryInboxStore {
    if (this.#isClosed) throw new ServiceError('FailedPrecondition', 'the memory inbox was closed', { executed: 'no' });
    if (!this.#store.isCut) return this.#store;
    throw new ServiceError('Unavailable', 'the memory inbox is cut off from its store', { executed: 'no' });
  }
}
