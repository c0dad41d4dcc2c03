import type { CancelTimer, Clock, Registry, ServiceRecord } from '@tenon/contract';

/**
 * The back end of memory registries: what etcd is to the etcd registry. Registries of one process that share a store see
 * each other's nodes.
 *
 * Tests use `cut`, `heal` and `clear` to make it fail; everything else is for the registries.
 */
export class MemoryRegistryStore {
  readonly #services = new Map<string, Map<string, Entry>>();
  readonly #links = new Set<StoreLink>();
  readonly #cutOff = new WeakSet<Registry>();
  #isDown = false;

  /** Takes the store away from one registry (a partition, or a process that stopped), or from all of them. */
  cut(registry?: Registry): void {
    if (registry === undefined) this.#isDown = true;
    else this.#cutOff.add(registry);
    for (const link of [...this.#links]) if (!this.reaches(link.registry)) link.onCut();
  }

  /**
   * Undoes `cut` with the same argument: a registry that was cut off by name stays so when the whole store comes back.
   */
  heal(registry?: Registry): void {
    const wereOff = [...this.#links].filter((link) => !this.reaches(link.registry));
    if (registry === undefined) this.#isDown = false;
    else this.#cutOff.delete(registry);
    for (const link of wereOff) if (this.reaches(link.registry)) link.onHeal();
  }

  /** Forgets every entry, as a back end whose data was wiped. Registries that renew put theirs in again. */
  clear(): void {
    const names = [...this.#services.keys()];
    for (const entries of this.#services.values()) for (const entry of entries.values()) entry.cancelExpiry();
    this.#services.clear();
    for (const name of names) this.#changed(name);
  }

  /** Whether a registry can use the store now. */
  reaches(registry: Registry): boolean {
    return !this.#isDown && !this.#cutOff.has(registry);
  }

  /** Tells a registry about cuts, heals and changes, until the returned function is called. */
  connect(link: StoreLink): () => void {
    this.#links.add(link);
    return () => this.#links.delete(link);
  }

  /** Puts an entry in, or in place of the one of the same node. It disappears after `ttlMs` of the clock. */
  put(record: ServiceRecord, nodeId: string, claim: Claim): void {
    const entries = this.#services.get(record.name) ?? new Map<string, Entry>();
    this.#services.set(record.name, entries);
    entries.get(nodeId)?.cancelExpiry();
    entries.set(nodeId, { record, claim, cancelExpiry: this.#expiry(record.name, nodeId, claim) });
    this.#changed(record.name);
  }

  /** Extends an entry by its time to live. Says whether it is still there, and still the claim's. */
  renew(name: string, nodeId: string, claim: Claim): 'renewed' | 'missing' | 'replaced' {
    const entry = this.#services.get(name)?.get(nodeId);
    if (entry === undefined) return 'missing';
    if (entry.claim !== claim) return 'replaced';
    entry.cancelExpiry();
    entry.cancelExpiry = this.#expiry(name, nodeId, claim);
    return 'renewed';
  }

  /** Takes an entry out, unless another claim has replaced it. */
  remove(name: string, nodeId: string, claim: Claim): void {
    const entries = this.#services.get(name);
    const entry = entries?.get(nodeId);
    if (entries === undefined || entry?.claim !== claim) return;
    entry.cancelExpiry();
    entries.delete(nodeId);
    if (entries.size === 0) this.#services.delete(name);
    this.#changed(name);
  }

  /** The records of a service, one for each version, frozen. */
  records(name: string): readonly ServiceRecord[] {
    const byVersion = new Map<string, ServiceRecord[]>();
    for (const { record } of this.#services.get(name)?.values() ?? []) {
      const same = byVersion.get(record.version);
      if (same === undefined) byVersion.set(record.version, [record]);
      else same.push(record);
    }
    return Object.freeze([...byVersion.values()].map(merged));
  }

  /** The names of services that have a node, sorted. */
  names(): readonly string[] {
    return [...this.#services.keys()].sort();
  }

  #expiry(name: string, nodeId: string, claim: Claim): CancelTimer {
    return claim.clock.after(claim.ttlMs, () => this.remove(name, nodeId, claim));
  }

  #changed(name: string): void {
    for (const link of [...this.#links]) if (this.reaches(link.registry)) link.onChange(name);
  }
}

/** How a registry hears from its store. */
export interface StoreLink {
  readonly registry: Registry;
  onChange(name: string): void;
  onCut(): void;
  onHeal(): void;
}

/** Who an entry belongs to, compared by identity, and how long it lives without being renewed. */
export interface Claim {
  readonly clock: Clock;
  readonly ttlMs: number;
}

interface Entry {
  readonly record: ServiceRecord;
  readonly claim: Claim;
  cancelExpiry: CancelTimer;
}

/** Nodes of one version as one record; what belongs to the version is taken from the node that came first. */
function merged(records: readonly ServiceRecord[]): ServiceRecord {
  const [first] = records as readonly [ServiceRecord, ...ServiceRecord[]];
  return Object.freeze({ ...first, nodes: Object.freeze(records.flatMap((record) => record.nodes)) });
}
