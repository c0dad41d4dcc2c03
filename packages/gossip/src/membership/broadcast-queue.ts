import { compoundPartBytes } from '../wire/compound.js';

/** A message that is being spread. */
interface Broadcast {
  readonly message: Buffer;
  readonly name: string | undefined;
  isObsolete: boolean;
}

/**
 * What is to be spread, each message so many times that all hear of it with high probability: `factor × ceil(log10(members + 1))`. Those that went
 * out least often go first, of these the newest; a newer message of the same name takes the place of an older one.
 */
export class BroadcastQueue {
  readonly #limit: () => number;
  readonly #maxQueued: number;
  readonly #named = new Map<string, Broadcast>();
  /** By how often they went out. */
  #tiers: Broadcast[][] = [];
  #count = 0;

  /**
   * @param limit - how often each message is sent.
   * @param maxQueued - beyond it, those that went out most often are dropped.
   */
  constructor(limit: () => number, maxQueued: number) {
    this.#limit = limit;
    this.#maxQueued = maxQueued;
  }

  get size(): number {
    return this.#count;
  }

  add(message: Buffer, name?: string): void {
    const broadcast: Broadcast = { message, name, isObsolete: false };
    if (name !== undefined) {
      const earlier = this.#named.get(name);
      if (earlier !== undefined) this.#drop(earlier);
      this.#named.set(name, broadcast);
    }
    this.#put(broadcast, 0);
    this.#count += 1;
    while (this.#count > this.#maxQueued) this.#dropOldest();
  }

  /** Messages of at most `room` bytes together, each with `overhead` bytes more, `maxCount` at most. */
  take(room: number, maxCount: number, overhead = compoundPartBytes): readonly Buffer[] {
    const taken: { readonly broadcast: Broadcast; readonly sent: number }[] = [];
    let left = room;
    for (const [sent, tier] of this.#tiers.entries()) {
      for (let at = tier.length - 1; at >= 0 && left > overhead && taken.length < maxCount; at -= 1) {
        const broadcast = tier[at] as Broadcast;
        const bytes = broadcast.message.length + overhead;
        if (!broadcast.isObsolete && bytes > left) continue;
        tier.splice(at, 1);
        if (broadcast.isObsolete) continue;
        left -= bytes;
        taken.push({ broadcast, sent: sent + 1 });
      }
    }
    const limit = this.#limit();
    for (const { broadcast, sent } of taken) {
      if (sent >= limit) this.#drop(broadcast);
      else this.#put(broadcast, sent);
    }
    return taken.map(({ broadcast }) => broadcast.message);
  }

  #put(broadcast: Broadcast, sent: number): void {
    while (this.#tiers.length <= sent) this.#tiers.push([]);
    this.#tiers[sent]?.push(broadcast);
  }

  #drop(broadcast: Broadcast): void {
    if (broadcast.isObsolete) return;
    broadcast.isObsolete = true;
    this.#count -= 1;
    if (broadcast.name !== undefined && this.#named.get(broadcast.name) === broadcast)
      this.#named.delete(broadcast.name);
  }

  #dropOldest(): void {
    for (const tier of [...this.#tiers].reverse()) {
      const oldest = tier.shift();
      if (oldest === undefined) continue;
      this.#drop(oldest);
      return;
    }
  }
}

/** How often a message is sent in a cluster of this size. */
export function retransmitLimit(factor: number, memberCount: number): number {
  return factor * Math.ceil(Math.log10(memberCount + 1));
}
