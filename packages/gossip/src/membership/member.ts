import type { Address } from '../net/address.js';
import { hostOf } from '../net/address.js';
import type { Alive } from '../wire/message.js';
import type { MemberState } from '../wire/state.js';

/** One member of the cluster, as this member knows it now. */
export interface Member {
  /** Unique in the cluster. */
  readonly name: string;
  readonly address: Address;
  /** What it says about itself, 512 bytes at most. Serf puts its tags here. */
  readonly meta: Buffer;
  readonly state: MemberState;
  /** Grows whenever it contradicts what is said of it. */
  readonly incarnation: number;
}

/** What is kept of a member. */
export interface KnownMember extends Member {
  readonly addressBytes: Buffer;
  /** Protocol min, max, current; delegate min, max, current. Shorter where unknown. */
  readonly versions: Buffer;
  /** When it came into its state, by the clock. */
  readonly changedAt: number;
}

/** A member as it says that it is. */
export function memberOf(alive: Alive, state: MemberState, changedAt: number): KnownMember {
  return Object.freeze({
    name: alive.node,
    address: Object.freeze({ host: hostOf(alive.address), port: alive.port }),
    addressBytes: alive.address,
    meta: alive.meta,
    versions: alive.versions,
    incarnation: alive.incarnation,
    state,
    changedAt,
  });
}

/** What is told of a member that lives. */
export function aliveOf(member: KnownMember): Alive {
  return {
    incarnation: member.incarnation,
    node: member.name,
    address: member.addressBytes,
    port: member.address.port,
    meta: member.meta,
    versions: member.versions,
  };
}

/** The newest protocol that a member knows: 3 and up answer over TCP too, 4 and up say when they had no answer, 5 know checksums. */
export function newestProtocol(member: KnownMember): number {
  return member.versions[1] ?? 0;
}

export function isGone({ state }: Member): boolean {
  return state === 'dead' || state === 'left';
}
