import type { Clock, Logger } from '@tenon/contract';
import type { GossipTimes } from '../profile.js';
import type { Accusation, Alive } from '../wire/message.js';
import { writeAlive, writeDead, writeSuspect } from '../wire/message.js';
import type { MemberState, StateEntry } from '../wire/state.js';
import type { BroadcastQueue } from './broadcast-queue.js';
import type { Health } from './health.js';
import { aliveOf, isGone, type KnownMember, memberOf } from './member.js';
import { Suspicion, suspicionMs } from './suspicion.js';

/** What became of a member. */
export type MemberChange = 'joined' | 'updated' | 'suspected' | 'cleared' | 'died' | 'left';

/** What a member table works with. */
export interface MemberTableOptions {
  readonly selfName: string;
  readonly times: GossipTimes;
  readonly queue: BroadcastQueue;
  readonly health: Health;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onChange: (member: KnownMember, change: MemberChange) => void;
}

/**
 * Who is in the cluster, and what is believed of each: the rules by which messages override each other.
 *
 * A higher incarnation wins; of the same, dead beats suspect beats alive; only a member itself raises its incarnation, to contradict. What was
 * new is spread on.
 *
 * Source: Das, Gupta, Motivala: "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership Protocol" (2002), §4.2; where
 * memberlist departs from it, as memberlist does.
 */
export class MemberTable {
  readonly #options: MemberTableOptions;
  readonly #members = new Map<string, KnownMember>();
  readonly #suspicions = new Map<string, Suspicion>();
  #isLeaving = false;

  constructor(options: MemberTableOptions) {
    this.#options = options;
  }

  /** Everybody, the dead and this member too. */
  get all(): Iterable<KnownMember> {
    return this.#members.values();
  }

  get size(): number {
    return this.#members.size;
  }

  get(name: string): KnownMember | undefined {
    return this.#members.get(name);
  }

  /** This member. Thrown at before {@link announce}. */
  get self(): KnownMember {
    const self = this.#members.get(this.#options.selfName);
    if (self === undefined) throw new Error('this member was never announced');
    return self;
  }

  /** This member says what it is now, under the next incarnation. */
  announce(alive: Omit<Alive, 'incarnation'>): void {
    const incarnation = (this.#members.get(alive.node)?.incarnation ?? 0) + 1;
    this.#set(memberOf({ ...alive, incarnation }, 'alive', this.#options.clock.now()));
    this.#tellAlive(this.self);
  }

  /** Somebody is said to live. */
  alive(alive: Alive): void {
    if (!hasSaneVersions(alive.versions)) return;
    if (alive.node === this.#options.selfName) {
      this.#contradictAlive(alive);
      return;
    }
    const before = this.#members.get(alive.node);
    if (before === undefined && this.#members.size >= maxMembers) return;
    if (before !== undefined && !this.#overrides(before, alive)) return;
    this.#endSuspicion(alive.node);
    const isBack = before === undefined || isGone(before);
    const changedAt = before?.state === 'alive' ? before.changedAt : this.#options.clock.now();
    const member = memberOf(alive, 'alive', changedAt);
    this.#set(member);
    this.#tellAlive(member);
    if (isBack) this.#options.onChange(member, 'joined');
    else if (before.state === 'suspect') this.#options.onChange(member, 'cleared');
    if (!isBack && !before.meta.equals(member.meta)) this.#options.onChange(member, 'updated');
  }

  /** Somebody is suspected. */
  suspect(suspect: Accusation): void {
    const member = this.#members.get(suspect.node);
    if (member === undefined || suspect.incarnation < member.incarnation) return;
    const suspicion = this.#suspicions.get(suspect.node);
    if (suspicion !== undefined) {
      if (suspicion.confirm(suspect.from)) this.#options.queue.add(writeSuspect(suspect), suspect.node);
      return;
    }
    if (member.state !== 'alive') return;
    if (member.name === this.#options.selfName) {
      this.#refute(suspect.incarnation, suspect.from);
      return;
    }
    this.#options.queue.add(writeSuspect(suspect), suspect.node);
    this.#change(member, 'suspect', suspect.incarnation);
    this.#suspicions.set(suspect.node, this.#newSuspicion(suspect));
    this.#options.onChange(this.#members.get(suspect.node) ?? member, 'suspected');
  }

  /** Somebody is said to be dead; by itself: to have left. */
  dead(dead: Accusation): void {
    const member = this.#members.get(dead.node);
    if (member === undefined || dead.incarnation < member.incarnation) return;
    if (member.name === this.#options.selfName && !this.#isLeaving) {
      this.#refute(dead.incarnation, dead.from);
      return;
    }
    this.#endSuspicion(dead.node);
    if (isGone(member)) return;
    this.#options.queue.add(writeDead(dead), dead.node);
    const hasLeft = dead.node === dead.from;
    this.#change(member, hasLeft ? 'left' : 'dead', dead.incarnation);
    this.#options.onChange(this.#members.get(dead.node) ?? member, hasLeft ? 'left' : 'died');
  }

  /** This member leaves, and says so. Returns what it says. */
  leave(): Buffer {
    this.#isLeaving = true;
    const { name, incarnation } = this.self;
    const dead: Accusation = { node: name, from: name, incarnation };
    this.dead(dead);
    return writeDead(dead);
  }

  /** What another member knows. Somebody that it holds for dead is only suspected here: it may object. */
  merge(entries: readonly StateEntry[]): void {
    const from = this.#options.selfName;
    for (const entry of entries) {
      const { node, incarnation, state } = entry;
      if (state === 'alive') this.alive(entry);
      else if (state === 'left') this.dead({ node, incarnation, from: node });
      else this.suspect({ node, incarnation, from });
    }
  }

  entries(): readonly StateEntry[] {
    return [...this.#members.values()].map((member) => ({ ...aliveOf(member), state: member.state }));
  }

  /** Forgets who has been gone for longer than the dead are told. */
  forgetGone(): void {
    const before = this.#options.clock.now() - this.#options.times.gossipToDeadMs;
    for (const member of this.#members.values()) {
      if (isGone(member) && member.changedAt < before) this.#members.delete(member.name);
    }
  }

  stop(): void {
    for (const suspicion of this.#suspicions.values()) suspicion.stop();
    this.#suspicions.clear();
  }

  /** An address only changes once its owner has gone: two members with one name would otherwise take turns. */
  #overrides(before: KnownMember, alive: Alive): boolean {
    const isMoved = !before.addressBytes.equals(alive.address) || before.address.port !== alive.port;
    if (!isMoved) return alive.incarnation > before.incarnation;
    if (isGone(before)) return before.state === 'left' || alive.incarnation > before.incarnation;
    this.#options.logger.warn('two members of the gossip cluster have the same name', { member: alive.node });
    return false;
  }

  /** Something is said of this member: true, old, or to be contradicted. */
  #contradictAlive(alive: Alive): void {
    const { self } = this;
    if (this.#isLeaving || alive.incarnation < self.incarnation) return;
    const isTrue = alive.incarnation === self.incarnation && isSame(alive, aliveOf(self));
    if (!isTrue) this.#refute(alive.incarnation, alive.node);
  }

  #refute(incarnation: number, from: string): void {
    const { health, logger } = this.#options;
    health.add(1);
    const { self } = this;
    const next = Math.min(Math.max(self.incarnation, incarnation) + 1, 0xffffffff);
    this.#set(memberOf({ ...aliveOf(self), incarnation: next }, 'alive', self.changedAt));
    this.#tellAlive(this.self);
    logger.debug('gossip: this member contradicted what was said of it', { from });
  }

  #newSuspicion({ node, from }: Accusation): Suspicion {
    const { times, clock, logger } = this.#options;
    // Two less than the factor, since nobody knows when in their rounds the others are; none where there are not so many others.
    const wanted = times.suspicionFactor - 2;
    // The gone confirm nothing: memberlist counts them too, and is then slow where several die one after the other.
    const living = this.#livingCount();
    const confirmations = living - 2 < wanted ? 0 : wanted;
    const minMs = suspicionMs(times.suspicionFactor, living, times.probeIntervalMs);
    const suspicionTimes = { minMs, maxMs: minMs * times.suspicionMaxFactor, confirmations };
    return new Suspicion(from, suspicionTimes, clock, () => {
      const member = this.#members.get(node);
      if (member?.state !== 'suspect') return;
      logger.info('gossip: a member that was suspected did not answer and counts as dead', { member: node });
      this.dead({ node, incarnation: member.incarnation, from: this.#options.selfName });
    });
  }

  #livingCount(): number {
    let count = 0;
    for (const member of this.#members.values()) if (!isGone(member)) count += 1;
    return count;
  }

  #endSuspicion(name: string): void {
    this.#suspicions.get(name)?.stop();
    this.#suspicions.delete(name);
  }

  #change(member: KnownMember, state: MemberState, incarnation: number): void {
    this.#set(Object.freeze({ ...member, state, incarnation, changedAt: this.#options.clock.now() }));
  }

  #set(member: KnownMember): void {
    this.#members.set(member.name, member);
  }

  #tellAlive(member: KnownMember): void {
    this.#options.queue.add(writeAlive(aliveOf(member)), member.name);
  }
}

function isSame(one: Alive, other: Alive): boolean {
  const isSameBytes = one.meta.equals(other.meta) && one.versions.equals(other.versions);
  return isSameBytes && one.address.equals(other.address) && one.port === other.port;
}

/** A protocol of 0 is no protocol; a member without versions is an old one. */
function hasSaneVersions(versions: Buffer): boolean {
  if (versions.length < 3) return true;
  const [min = 0, max = 0] = versions;
  return min > 0 && max >= min;
}

/** More are not kept: what anybody may claim must not fill the memory. */
const maxMembers = 20_000;
