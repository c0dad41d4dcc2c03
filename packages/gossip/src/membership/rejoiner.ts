import type { Clock, Logger } from '@tenon/contract';
import { Pause } from '@tenon/contract/authoring';
import { type Address, textOf } from '../net/address.js';
import { type Resolve, seedAddresses } from '../net/seeds.js';
import type { GossipTimes } from '../profile.js';
import { isGone, type KnownMember } from './member.js';
import type { MemberChange, MemberTable } from './member-table.js';
import { randomOf } from './random-members.js';

/** What finding others works with. */
export interface RejoinerOptions {
  readonly seeds: readonly Address[];
  readonly resolve: Resolve;
  readonly table: MemberTable;
  readonly times: GossipTimes;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly exchange: (to: Address, isJoin: boolean) => Promise<void>;
}

/**
 * Finds the cluster at the start, and finds it again: seeds that are not among the living, and members that were lost, are tried again for ever. That
 * is what heals a partition which lasted longer than the dead are told.
 */
export class Rejoiner {
  readonly #options: RejoinerOptions;
  /** Where members were that died, oldest first. */
  readonly #lost = new Map<string, Address>();
  readonly #pause: Pause;
  #hasJoined = false;
  #isStopped = false;

  constructor(options: RejoinerOptions) {
    this.#options = options;
    this.#pause = new Pause(options.clock);
  }

  /** How long until the next attempt: a second while no seed was ever reached. */
  get waitMs(): number {
    const { seeds, times } = this.#options;
    return seeds.length > 0 && !this.#hasJoined && this.#isAlone ? firstWaitMs : times.rejoinIntervalMs;
  }

  /** Tries all seeds at once. Resolves with how many took part. */
  async join(): Promise<number> {
    const addresses = await this.#missingSeeds();
    return this.#meet(randomOf(addresses, maxAtOnce));
  }

  /** Tries one lost member and one missing seed, all seeds where there is nobody else. */
  async again(): Promise<void> {
    const { table } = this.#options;
    for (const [name] of this.#lost) if (isLiving(table.get(name))) this.#lost.delete(name);
    const seeds = await this.#missingSeeds();
    const tried = [...randomOf([...this.#lost.values()], 1), ...randomOf(seeds, this.#isAlone ? maxAtOnce : 1)];
    if ((await this.#meet(tried)) === 0 || this.#isStopped) return;
    // Both sides have now heard what was said of them and contradict it; what they say then has to cross too.
    await this.#pause.for(this.#options.times.gossipIntervalMs * 4);
    if (!this.#isStopped) await this.#meet(tried);
  }

  note(member: KnownMember, change: MemberChange): void {
    if (change === 'left' || change === 'joined') this.#lost.delete(member.name);
    if (change !== 'died') return;
    this.#lost.set(member.name, member.address);
    const [oldest] = this.#lost.keys();
    if (this.#lost.size > maxLost && oldest !== undefined) this.#lost.delete(oldest);
  }

  stop(): void {
    this.#isStopped = true;
    this.#pause.wake();
  }

  get #isAlone(): boolean {
    const { table } = this.#options;
    for (const member of table.all) if (member.name !== table.self.name && isLiving(member)) return false;
    return true;
  }

  async #meet(addresses: readonly Address[]): Promise<number> {
    const { exchange, logger } = this.#options;
    const met = await Promise.allSettled(addresses.map((address) => exchange(address, true)));
    const reached = met.filter(({ status }) => status === 'fulfilled').length;
    if (reached > 0) this.#hasJoined = true;
    for (const [index, outcome] of met.entries()) {
      const address = addresses[index];
      if (outcome.status === 'rejected' && address !== undefined) {
        logger.debug('gossip: a seed or a lost member was not reached', {
          address: textOf(address),
          error: outcome.reason,
        });
      }
    }
    return reached;
  }

  /** The seeds that no living member stands at. */
  async #missingSeeds(): Promise<readonly Address[]> {
    const { seeds, resolve, table, logger } = this.#options;
    const found = await Promise.all(
      seeds.map((seed) =>
        seedAddresses(seed, resolve).catch((error: unknown) => {
          logger.debug('gossip: a seed has no address', { seed: textOf(seed), error });
          return [];
        }),
      ),
    );
    const living = new Set([...table.all].filter(isLiving).map(({ address }) => textOf(address)));
    return found.flat().filter((address) => !living.has(textOf(address)));
  }
}

function isLiving(member: KnownMember | undefined): boolean {
  return member !== undefined && !isGone(member);
}

const firstWaitMs = 1_000;
const maxAtOnce = 16;
const maxLost = 1_000;
