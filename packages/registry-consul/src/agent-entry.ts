import { type Clock, ServiceError } from '@tenon/contract';
import { type EntryHome, Pause } from '@tenon/contract/authoring';
import type { ConsulClient } from './consul-client.js';
import { type AgentRegistration, type Instance, isAlive } from './instance.js';

/** What an entry needs of its registry. */
export interface AgentEntryContext {
  readonly client: ConsulClient;
  readonly clock: Clock;
  readonly callTimeoutMs: number;
  readonly ttlMs: number;
}

/**
 * One instance at the agent. The agent answers before the servers have heard of a change, so that putting and removing wait until the
 * catalog shows it, by a read that the majority confirms: what was registered is found by others, and a cut off agent refuses.
 */
export class AgentEntry implements EntryHome {
  readonly #registration: AgentRegistration;
  readonly #context: AgentEntryContext;
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(registration: AgentRegistration, context: AgentEntryContext) {
    this.#registration = registration;
    this.#context = context;
  }

  async put(): Promise<void> {
    const { client, clock, ttlMs } = this.#context;
    this.#renewedAt = clock.now();
    await client.register(this.#registration);
    // On disk the agent keeps what it was told of a check, not what the check was registered with: without this, one that is restarted
    // before the first renewal would show the entry as failed.
    await this.#pass();
    // An agent that has just been started takes its time, and tells its servers of a check that has run out by then: it is kept from that.
    const isShown = (found: Instance | undefined): boolean =>
      found !== undefined && isAlive(found) && this.#isOurs(found);
    await this.#catalogShows(isShown, () => this.#pass());
    if (clock.now() - this.#renewedAt > ttlMs / 3) await this.#pass();
  }

  /** A pause beyond the time to live has cost the entry, even though the agent would still take the renewal. */
  async renew(): Promise<boolean> {
    const { clock, ttlMs } = this.#context;
    return clock.now() - this.#renewedAt < ttlMs && (await this.#pass());
  }

  async remove(): Promise<void> {
    const wasThere = await this.#context.client.deregister(this.#registration.ID);
    if (wasThere) await this.#catalogShows((found) => found === undefined || !this.#isOurs(found));
  }

  restore(): Promise<void> {
    return this.put();
  }

  async #pass(): Promise<boolean> {
    const askedAt = this.#context.clock.now();
    const isThere = await this.#context.client.pass(this.#registration.ID);
    if (isThere) this.#renewedAt = askedAt;
    return isThere;
  }

  /** @param meanwhile - done each third of the time to live, as long as the catalog shows something else */
  async #catalogShows(
    isDone: (found: Instance | undefined) => boolean,
    meanwhile?: () => Promise<unknown>,
  ): Promise<void> {
    const { client, clock, callTimeoutMs, ttlMs } = this.#context;
    const longestMs = meanwhile === undefined ? 1_000 : Math.min(1_000, ttlMs / 3);
    const { ID: serviceId, Name: name } = this.#registration;
    const end = clock.now() + callTimeoutMs;
    const pause = new Pause(clock);
    for (let index: number | undefined; ; ) {
      const leftMs = end - clock.now();
      if (leftMs <= 0) {
        const message = `the servers of Consul have not heard of a change of ${serviceId} in ${callTimeoutMs} ms`;
        throw new ServiceError('Unavailable', message, { executed: 'no' });
      }
      const after = index === undefined ? undefined : { index, waitMs: Math.min(leftMs, longestMs) };
      const query = { consistency: 'consistent', serviceId, isLocal: true, after } as const;
      const { instances, index: next } = await client.instances(name, query);
      if (isDone(instances.find(({ Service: service }) => service?.ID === serviceId))) return;
      // An index that goes backwards is one of other data.
      index = next > 0 && next >= (index ?? 0) ? next : undefined;
      await pause.for(shortPauseMs);
      await meanwhile?.();
    }
  }

  #isOurs({ Service: service }: Instance): boolean {
    const { Address: address, Port: port, Tags: tags } = this.#registration;
    const theirs = [service?.Address, service?.Port, service?.Tags ?? []];
    return JSON.stringify(theirs) === JSON.stringify([address, port, tags]);
  }
}

const shortPauseMs = 20;
