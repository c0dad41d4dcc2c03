import type { CancelTimer, Clock, Logger } from '@tenon/contract';
import type { Gossip, Member } from '@tenon/gossip';
import type { RecordGossip } from './record-gossip.js';
import type { RecordStore } from './record-store.js';
import { readDigest, writeDigest } from './wire/digest.js';
import { readInventory, writeAnswer, writeQuestion } from './wire/inventory.js';

/** What comparing works with. */
export interface InventoriesOptions {
  readonly gossip: Gossip;
  readonly self: string;
  readonly store: RecordStore;
  readonly records: RecordGossip;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Each member says, with its membership, a digest of the entries that it has registered. Who finds that it knows others, because messages were
 * lost or made up, asks that member for all of them, by stream: what is missing comes, what is too much goes.
 */
export class Inventories {
  readonly #options: InventoriesOptions;
  /** What each living member says. Undefined: it is none of Tenon's. */
  readonly #said = new Map<string, { readonly member: Member; readonly digest: Buffer | undefined }>();
  readonly #checks = new Map<string, CancelTimer>();
  readonly #answeredAt = new Map<string, number>();
  #isTelling = false;
  #isClosed = false;

  constructor(options: InventoriesOptions) {
    this.#options = options;
    this.#tell();
  }

  /** Whether somebody is there who says nothing. */
  get hasStrangers(): boolean {
    for (const { digest } of this.#said.values()) if (digest === undefined) return true;
    return false;
  }

  /** A member is there, and says something new. */
  seen(member: Member): void {
    this.#said.set(member.name, { member, digest: readDigest(member.meta) });
    this.#checkLater(member.name, graceMs);
  }

  /** A member is gone. */
  lost(name: string): void {
    this.#said.delete(name);
    this.#answeredAt.delete(name);
    this.#checks.get(name)?.();
    this.#checks.delete(name);
  }

  /** The entries of a member have changed here. */
  changed(owner: string): void {
    if (owner !== this.#options.self) this.#checkLater(owner, graceMs);
    if (owner !== this.#options.self || this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      if (!this.#isClosed) this.#tell();
    });
  }

  /** Takes a message where it is a question or an answer. Returns whether it was. Throws `DataLoss`. */
  hear(message: Buffer): boolean {
    const inventory = readInventory(message);
    if (inventory?.kind === 'question') this.#answer(inventory.from);
    if (inventory?.kind === 'answer') this.#take(inventory.owner, inventory.stamp, inventory.state);
    return inventory !== undefined;
  }

  close(): void {
    this.#isClosed = true;
    for (const cancel of this.#checks.values()) cancel();
    this.#checks.clear();
  }

  #tell(): void {
    const { gossip, store, self } = this.#options;
    gossip.describe(writeDigest(store.digest(self)));
  }

  /** News and what they are about cross in any order: a look at once would nearly always find a difference. */
  #checkLater(name: string, delayMs: number): void {
    if (this.#isClosed || this.#checks.has(name)) return;
    const { clock } = this.#options;
    // Not all at once: everybody hears of a change at about the same time.
    const cancel = clock.after(delayMs * (1 + Math.random()), () => {
      this.#checks.delete(name);
      this.#check(name);
    });
    this.#checks.set(name, cancel);
  }

  #check(name: string): void {
    const { gossip, store, self, logger } = this.#options;
    const said = this.#said.get(name);
    if (said?.digest === undefined || said.digest.equals(store.digest(name))) return;
    gossip.tell(said.member, writeQuestion(self)).catch((error: unknown) => {
      logger.debug('gossip: a member was not asked for its entries', { member: name, error });
    });
    this.#checkLater(name, againMs);
  }

  #answer(from: string): void {
    const { gossip, records, self, clock, logger } = this.#options;
    const said = this.#said.get(from);
    const now = clock.now();
    if (said === undefined || now - (this.#answeredAt.get(from) ?? Number.NEGATIVE_INFINITY) < answerEveryMs) return;
    this.#answeredAt.set(from, now);
    gossip.tell(said.member, writeAnswer(self, records.stamp, records.state(self))).catch((error: unknown) => {
      logger.debug('gossip: a member was not answered', { member: from, error });
    });
  }

  #take(owner: string, stamp: number, state: Buffer): void {
    const { records, store, self } = this.#options;
    if (owner === self || !this.#said.has(owner)) return;
    const listed = records.merge(state);
    for (const [key, { origin }] of [...store.ownedBy(owner)]) {
      if (!listed.has(key) && (origin?.stamp ?? 0) <= stamp) store.delete(key, stamp);
    }
  }
}

const graceMs = 500;
const againMs = 1_500;
const answerEveryMs = 1_000;
