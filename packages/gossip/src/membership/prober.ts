import type { Clock } from '@tenon/contract';
import type { Courier } from '../net/courier.js';
import type { GossipTimes } from '../profile.js';
import { writeIndirectPing, writePing, writeSuspect } from '../wire/message.js';
import type { Health } from './health.js';
import { isGone, type KnownMember, newestProtocol } from './member.js';
import type { MemberTable } from './member-table.js';
import type { PendingProbes } from './pending-probes.js';
import { randomOf } from './random-members.js';

/** What probing works with. */
export interface ProberOptions {
  readonly table: MemberTable;
  readonly courier: Courier;
  readonly pending: PendingProbes;
  readonly health: Health;
  readonly times: GossipTimes;
  readonly clock: Clock;
  /** Asks by stream. Resolves with whether the member answered. */
  readonly pingByStream: (member: KnownMember, sequence: number, timeoutMs: number) => Promise<boolean>;
}

/**
 * Probes the members, each once in a round of random order: by packet, then through others and by stream. Who answers in none of these ways is
 * suspected.
 *
 * Source: SWIM (see {@link MemberTable}), §3.1 and §4.3.
 */
export class Prober {
  readonly #options: ProberOptions;
  #round: string[] = [];

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** Probes the next one. Resolves when the outcome is clear: at once, or after the probe interval, stretched by ill health. */
  async probeNext(): Promise<void> {
    const member = this.#next();
    if (member === undefined) return;
    const { health, table } = this.#options;
    const probe = await this.#probe(member);
    health.add(probe.healthDelta);
    if (probe.hasAnswered) return;
    const { name: node, incarnation } = member;
    table.suspect({ node, incarnation, from: table.self.name });
  }

  #next(): KnownMember | undefined {
    const { table } = this.#options;
    for (let looks = 0; looks < 2; looks += 1) {
      for (let name = this.#round.pop(); name !== undefined; name = this.#round.pop()) {
        const member = table.get(name);
        if (member !== undefined && !isGone(member) && name !== table.self.name) return member;
      }
      table.forgetGone();
      const names = [...table.all].map((member) => member.name);
      this.#round = [...randomOf(names, names.length)];
    }
    return undefined;
  }

  #probe(member: KnownMember): Promise<ProbeOutcome> {
    const { health, times, pending, clock } = this.#options;
    const wholeMs = health.stretched(times.probeIntervalMs);
    return new Promise((resolve) => {
      let nacks = 0;
      let wantedNacks = 0;
      let byStream: Promise<boolean> = Promise.resolve(false);
      const cancelIndirect = clock.after(times.probeTimeoutMs, () => {
        wantedNacks = this.#askOthers(member, sequence);
        if (newestProtocol(member) < 3) return;
        byStream = this.#options.pingByStream(member, sequence, wholeMs - times.probeTimeoutMs);
      });
      const sequence = pending.wait(wholeMs, {
        onAck: () => {
          cancelIndirect();
          resolve(answered);
        },
        onNack: () => {
          nacks += 1;
        },
        onTimeout: () => {
          cancelIndirect();
          // Others that said they had no answer can be heard; those that said nothing are a sign that the fault is here.
          const healthDelta = wantedNacks > 0 ? Math.max(0, wantedNacks - nacks) : 1;
          byStream.then((hasAnswered) => resolve(hasAnswered ? answered : { hasAnswered, healthDelta }));
        },
      });
      this.#ask(member, sequence);
    });
  }

  #ask(member: KnownMember, sequence: number): void {
    const { courier, table } = this.#options;
    const ping = writePing({ sequence, node: member.name, ...this.#source() });
    if (member.state === 'alive') {
      courier.send(ping, member.address, member);
      return;
    }
    // Who is suspected hears of it along with the question, and can contradict at once.
    const { name: node, incarnation } = member;
    courier.sendTogether([ping, writeSuspect({ node, incarnation, from: table.self.name })], member.address, member);
  }

  /** Returns how many will say so when they have no answer. */
  #askOthers(member: KnownMember, sequence: number): number {
    const { table, courier, times } = this.#options;
    const able = [...table.all].filter(
      ({ name, state }) => state === 'alive' && name !== member.name && name !== table.self.name,
    );
    let wanted = 0;
    for (const other of randomOf(able, times.indirectProbes)) {
      const wantsNack = newestProtocol(other) >= 4;
      if (wantsNack) wanted += 1;
      const { name: node, addressBytes: target, address } = member;
      const ping = { sequence, node, target, port: address.port, wantsNack, ...this.#source() };
      courier.send(writeIndirectPing(ping), other.address, other);
    }
    return wanted;
  }

  #source(): { sourceAddress: Buffer; sourcePort: number; sourceNode: string } {
    const { name, addressBytes, address } = this.#options.table.self;
    return { sourceAddress: addressBytes, sourcePort: address.port, sourceNode: name };
  }
}

interface ProbeOutcome {
  readonly hasAnswered: boolean;
  /** What it says about this member. */
  readonly healthDelta: number;
}

const answered: ProbeOutcome = Object.freeze({ hasAnswered: true, healthDelta: -1 });
