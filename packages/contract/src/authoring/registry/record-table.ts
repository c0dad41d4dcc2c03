import type { RegistryEvent } from '../../registry.js';
import type { ServiceError } from '../../service-error.js';
import type { ServiceRecord } from '../../service-record.js';
import type { LatestValue } from '../latest-value.js';
import { groupedByVersion } from './grouped-by-version.js';

/**
 * Every entry that a registry knows, each a record with one node under a key of its own, and the watches that follow them: for
 * registries that keep the whole picture in memory. Changes of one tick make one set.
 */
export class RecordTable {
  readonly #entries = new Map<string, ServiceRecord>();
  /** The keys of each service. */
  readonly #services = new Map<string, Set<string>>();
  readonly #followers = new Map<string, Set<Follower>>();
  readonly #changed = new Set<string>();
  #trouble: ServiceError | undefined;

  /** All services that have a node, sorted. */
  get names(): readonly string[] {
    return Object.freeze([...this.#services.keys()].sort());
  }

  get keys(): Iterable<string> {
    return this.#entries.keys();
  }

  get(key: string): ServiceRecord | undefined {
    return this.#entries.get(key);
  }

  /** The records of one service, grouped by version, its nodes in the order of their keys. */
  recordsOf(service: string): readonly ServiceRecord[] {
    const keys = [...(this.#services.get(service) ?? [])].sort();
    return groupedByVersion(keys.flatMap((key) => this.#entries.get(key) ?? []));
  }

  /** Puts an entry in, or another in its place. The same record again is no change. */
  put(key: string, record: ServiceRecord): void {
    const before = this.#entries.get(key);
    if (before === record) return;
    if (before !== undefined && before.name !== record.name) this.delete(key);
    this.#entries.set(key, record);
    const keys = this.#services.get(record.name) ?? new Set();
    this.#services.set(record.name, keys.add(key));
    this.#noteChange(record.name);
  }

  /** Takes an entry out. Returns whether it was there. */
  delete(key: string): boolean {
    const record = this.#entries.get(key);
    if (record === undefined) return false;
    this.#entries.delete(key);
    const keys = this.#services.get(record.name);
    keys?.delete(key);
    if (keys?.size === 0) this.#services.delete(record.name);
    this.#noteChange(record.name);
    return true;
  }

  /**
   * Feeds a watch of one service: the whole set, then the newest whole set after each change.
   *
   * @param known - resolves when enough is known for a first set. Default: now.
   */
  follow(service: string, events: LatestValue<RegistryEvent>, known?: Promise<unknown>): { stop(): void } {
    const follower: Follower = { events, knows: known === undefined };
    const followers = this.#followers.get(service) ?? new Set();
    this.#followers.set(service, followers.add(follower));
    const begin = (): void => {
      follower.knows = true;
      this.#tell(service, follower);
    };
    if (known === undefined) begin();
    else known.then(begin, begin);
    return {
      stop: () => {
        followers.delete(follower);
        if (followers.size === 0 && this.#followers.get(service) === followers) this.#followers.delete(service);
      },
    };
  }

  /** Changes may be missed from now on: each watch is told, once, and has a set again after {@link healed}. */
  interrupted(error: ServiceError): void {
    if (this.#trouble !== undefined) return;
    this.#trouble = error;
    for (const followers of this.#followers.values())
      for (const { events } of followers) events.set({ kind: 'error', error });
  }

  /** What is here is whole again. */
  healed(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    for (const [service, followers] of this.#followers) for (const follower of followers) this.#tell(service, follower);
  }

  #noteChange(service: string): void {
    if (!this.#followers.has(service)) return;
    if (this.#changed.size === 0) queueMicrotask(this.#tellChanges);
    this.#changed.add(service);
  }

  readonly #tellChanges = (): void => {
    const changed = [...this.#changed];
    this.#changed.clear();
    // Each watch was told of the trouble, and has a whole set when that is over.
    if (this.#trouble !== undefined) return;
    for (const service of changed)
      for (const follower of this.#followers.get(service) ?? []) this.#tell(service, follower);
  };

  #tell(service: string, { events, knows }: Follower): void {
    if (!knows) return;
    if (this.#trouble === undefined) events.set({ kind: 'set', records: this.recordsOf(service) });
    else events.set({ kind: 'error', error: this.#trouble });
  }
}

interface Follower {
  readonly events: LatestValue<RegistryEvent>;
  knows: boolean;
}
