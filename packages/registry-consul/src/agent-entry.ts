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
    const askedAt = this.#context.clock.now();
    await this.#context.client.register(this.#registration);
    await this.#catalogShows((found) => found !== undefined && isAlive(found) && this.#isOurs(found));
    this.#renewedAt = askedAt;
  }

  /** A pause beyond the time to live has cost the entry, even though the agent would still take the renewal. */
  async renew(): Promise<boolean> {
    const { client, clock, ttlMs } = this.#context;
    const askedAt = clock.now();
    if (askedAt - this.#renewedAt >= ttlMs) return false;
    const isThere = await client.pass(this.#registration.ID);
    if (isThere) this.#renewedAt = askedAt;
    return isThere;
  }

  async remove(): Promise<void> {
    const wasThere = await this.#context.client.deregister(this.#registration.ID);
    if (wasThere) await this.#catalogShows((found) => found === undefined || !this.#isOurs(found));
  }

  async #catalogShows(isDone: (found: Instance | undefined) => boolean): Promise<void> {
    const { client, clock, callTimeoutMs } = this.#context;
    const { ID: serviceId, Name: name } = this.#registration;
    const end = clock.now() + callTimeoutMs;
    const pause = new Pause(clock);
    for (let index: number | undefined; ; ) {
      const leftMs = end - clock.now();
      if (leftMs <= 0) {
        const message = `the servers of Consul have not heard of a change of ${serviceId} in ${callTimeoutMs} ms`;
        throw new ServiceError('Unavailable', message, { executed: 'no' });
      }
      const after = index === undefined ? undefined : { index, waitMs: Math.min(leftMs, 1_000) };
      const query = { consistency: 'consistent', serviceId, isLocal: true, after } as const;
      const { instances, index: next } = await client.instances(name, query);
      if (isDone(instances.find(({ Service: service }) => service?.ID === serviceId))) return;
      // An index that goes backwards is one of other data.
      index = next > 0 && next >= (index ?? 0) ? next : undefined;
      await pause.for(shortPauseMs);
    }
  }

  #isOurs({ Service: service }: Instance): boolean {
    const { Address: address, Port: port, Tags: tags } = this.#registration;
    const theirs = [service?.Address, service?.Port, service?.Tags ?? []];
    return JSON.stringify(theirs) === JSON.stringify([address, port, tags]);
  }
}

const shortPauseMs = 20;
