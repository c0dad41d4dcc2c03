import { type Clock, ServiceError } from '@tenon/contract';
import type { EntryHome } from '@tenon/contract/authoring';
import type { EurekaServers } from './eureka-servers.js';

/** What an entry needs of its registry. */
export interface EurekaEntryContext {
  readonly servers: EurekaServers;
  readonly clock: Clock;
  readonly ttlMs: number;
  /** The time at which an instance is changed: later than any before it, as the servers keep the later of two. */
  readonly changeTime: () => number;
}

/**
 * One instance at Eureka. Servers tell each other of it, and of its heartbeats, a little later.
 *
 * With the first heartbeat after a registration the whole is said once more: a server that answers somebody while it takes one may keep the
 * answer without it in its cache for 180 s, or until the next change, which heartbeats are not (`ResponseCacheImpl` forgets what is kept,
 * and not what is being made).
 */
export class EurekaEntry implements EntryHome {
  readonly #app: string;
  readonly #instance: Readonly<Record<string, unknown>>;
  readonly #context: EurekaEntryContext;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #changedAt = 0;
  #isSaidAgain = false;

  constructor(instance: Readonly<Record<string, unknown>>, context: EurekaEntryContext) {
    this.#app = encodeURIComponent(String(instance['app']));
    this.#instance = instance;
    this.#context = context;
  }

  async put(): Promise<void> {
    this.#isSaidAgain = false;
    this.#changedAt = this.#context.changeTime();
    await this.#say();
  }

  /** A pause beyond the time to live has cost the entry, even though a server would still take the heartbeat. */
  async renew(): Promise<boolean> {
    const { clock, ttlMs } = this.#context;
    const askedAt = clock.now();
    if (askedAt - this.#renewedAt >= ttlMs) return false;
    const query = `?status=UP&lastDirtyTimestamp=${this.#changedAt}`;
    if (!(await this.#tell('PUT', query))) return false;
    this.#renewedAt = askedAt;
    if (this.#isSaidAgain) return true;
    await this.#say();
    this.#isSaidAgain = true;
    return true;
  }

  async #say(): Promise<void> {
    const { servers, clock } = this.#context;
    const askedAt = clock.now();
    const times = { lastDirtyTimestamp: `${this.#changedAt}`, lastUpdatedTimestamp: `${this.#changedAt}` };
    const instance = { ...this.#instance, ...times, actionType: 'ADDED', isCoordinatingDiscoveryServer: 'false' };
    await servers.ask({ method: 'POST', path: `/apps/${this.#app}`, body: { instance }, wants: 'nothing' });
    this.#renewedAt = askedAt;
  }

  async remove(): Promise<void> {
    await this.#tell('DELETE', '');
  }

  restore(): Promise<void> {
    return this.put();
  }

  /** Resolves with false where Eureka does not know it. */
  async #tell(method: 'PUT' | 'DELETE', query: string): Promise<boolean> {
    const path = `/apps/${this.#app}/${encodeURIComponent(String(this.#instance['instanceId']))}${query}`;
    try {
      await this.#context.servers.ask({ method, path, wants: 'nothing' });
      return true;
    } catch (thrown) {
      const error = ServiceError.from(thrown);
      if (error.code === 'NotFound') return false;
      throw error;
    }
  }
}
