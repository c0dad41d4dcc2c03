import { type CancelTimer, type Clock, ServiceError } from '@tenon/contract';
import type { RecordTable, SkippedEntries } from '@tenon/contract/authoring';
import { browserDomain } from './browser-form.js';
import type { DnsRecord } from './dns-record.js';
import { HeardInstance } from './heard-instance.js';
import { microDomain, sameName, servicesDomain } from './record-names.js';

/** What the cache works with. */
export interface NodeCacheOptions {
  /** Where the nodes that are known go, by the names of their instances. */
  readonly table: RecordTable;
  readonly skipped: SkippedEntries;
  readonly clock: Clock;
  /** Whether an instance is one of ours, which is not kept by what is heard of it. */
  readonly isOurs: (instance: string) => boolean;
  /** A whole instance that is about to end is to be asked for. */
  readonly onEnding: (instance: HeardInstance) => void;
  /** The address of a host is missing. */
  readonly onHostMissing: (host: string) => void;
  /** This process was kept from running, and may have missed what kept its nodes alive. */
  readonly onMissed: () => void;
}

/**
 * What was heard of the nodes of others, each for as long as it was said to last. Bounded: beyond so many instances, or so many bytes of
 * text, new ones are left out.
 */
export class NodeCache {
  readonly #options: NodeCacheOptions;
  readonly #instances = new Map<string, HeardInstance>();
  readonly #hosts = new Map<string, Map<string, number>>();
  readonly #byHost = new Map<string, Set<HeardInstance>>();
  /** When each name of a service that was listed ends. */
  readonly #listed = new Map<string, number>();
  #textBytes = 0;
  #cancelSweep: CancelTimer = () => {};
  #sweepAt = Number.POSITIVE_INFINITY;
  #isFrozen = false;

  constructor(options: NodeCacheOptions) {
    this.#options = options;
  }

  /** The domains of the services that were listed. */
  get listed(): readonly string[] {
    const now = this.#options.clock.now();
    return [...this.#listed].flatMap(([domain, endsAt]) => (endsAt > now ? [domain] : []));
  }

  /** The instances of a domain, with the share of their time that is left. */
  instancesOf(domain: string): readonly { readonly name: string; readonly leftMs: number; readonly lifeMs: number }[] {
    const now = this.#options.clock.now();
    const ending = `.${domain}`;
    return [...this.#instances.values()].flatMap(({ name, endsAt, lifeMs, isWhole }) =>
      isWhole && name.endsWith(ending) ? [{ name, leftMs: endsAt - now, lifeMs }] : [],
    );
  }

  /** Takes in what a packet says. */
  hear(records: readonly DnsRecord[]): void {
    const touched = new Set<HeardInstance>();
    const addresses = new Map<string, string[]>();
    for (const record of records) {
      if (record.type === 'A' || record.type === 'AAAA')
        this.#hearHost(record.name, record.data, record.ttl, addresses);
    }
    for (const record of records) this.#hearRecord(record, touched, addresses);
    for (const host of addresses.keys()) for (const instance of this.#byHost.get(host) ?? []) touched.add(instance);
    for (const instance of touched) this.#update(instance);
  }

  /** Nothing ends while nothing can be heard. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** Everything lives for at least so long from now, to be heard of again meanwhile. */
  thaw(graceMs: number): void {
    this.#isFrozen = false;
    const until = this.#options.clock.now() + graceMs;
    for (const instance of this.#instances.values()) instance.extend(until);
    this.#sweepSoon(until);
  }

  /** Forgets one, whatever is heard of it later. */
  forget(name: string): void {
    const instance = this.#instances.get(name);
    if (instance !== undefined) this.#remove(instance);
  }

  close(): void {
    this.#cancelSweep();
    this.#instances.clear();
    this.#hosts.clear();
    this.#byHost.clear();
    this.#listed.clear();
  }

  #hearHost(name: string, address: string, ttl: number, addresses: Map<string, string[]>): void {
    const host = sameName(name);
    const known = this.#hosts.get(host) ?? new Map<string, number>();
    if (ttl === 0) known.delete(address);
    else if (this.#hosts.has(host) || this.#hosts.size < maxInstances) {
      this.#hosts.set(host, known.set(address, this.#options.clock.now() + ttl * 1_000));
      if (known.size > maxAddresses) known.delete([...known.keys()][0] ?? '');
    }
    addresses.set(host, [...(addresses.get(host) ?? []), ...(ttl === 0 ? [] : [address])]);
  }

  #hearRecord(record: DnsRecord, touched: Set<HeardInstance>, addresses: ReadonlyMap<string, string[]>): void {
    const { name, type, ttl } = record;
    const now = this.#options.clock.now();
    if (type === 'PTR') this.#hearPointer(name, record.data, ttl);
    if (type !== 'SRV' && type !== 'TXT') return;
    const instance = this.#instanceOf(name, ttl);
    if (instance === undefined) return;
    if (ttl === 0) {
      this.#remove(instance);
      touched.delete(instance);
      return;
    }
    if (type === 'SRV') {
      this.#atHost(instance, record.data.target);
      instance.heardTarget(record.data, now + ttl * 1_000);
      instance.addresses = preferred(addresses.get(sameName(record.data.target)) ?? instance.addresses);
    } else {
      this.#textBytes -= instance.textBytes;
      instance.heardText(record.data, now + ttl * 1_000);
      this.#textBytes += instance.textBytes;
    }
    instance.lifeMs = instance.endsAt - now;
    touched.add(instance);
  }

  #hearPointer(name: string, data: string, ttl: number): void {
    if (name === servicesDomain) {
      const domain = data.replace(new RegExp(`\\.${servicesDomain}$`), `.${microDomain}`);
      if (ttl === 0) this.#listed.delete(domain);
      else if (this.#listed.size < maxInstances) this.#listed.set(domain, this.#options.clock.now() + ttl * 1_000);
      return;
    }
    if (ttl > 0 || !data.endsWith(`.${name}`)) return;
    const instance = this.#instances.get(data);
    if (instance !== undefined) this.#remove(instance);
  }

  /** The instance of that name, a new one where there is none; undefined where it is none that is kept. */
  #instanceOf(name: string, ttl: number): HeardInstance | undefined {
    const known = this.#instances.get(name);
    if (known !== undefined) return known;
    const isMicro = name.endsWith(`.${microDomain}`) && !name.endsWith(`.${servicesDomain}`);
    if (ttl === 0 || (!isMicro && !name.endsWith(`.${browserDomain}`)) || this.#options.isOurs(name)) return undefined;
    if (this.#instances.size >= maxInstances || this.#textBytes >= maxTextBytes) {
      this.#options.skipped.met('…', 'full', new ServiceError('ResourceExhausted', 'more nodes than are kept'));
      return undefined;
    }
    const instance = new HeardInstance(name, isMicro);
    this.#instances.set(name, instance);
    return instance;
  }

  #atHost(instance: HeardInstance, target: string): void {
    const host = sameName(target);
    const before = instance.target === undefined ? undefined : sameName(instance.target.target);
    if (before === host) return;
    if (before !== undefined) this.#leaveHost(instance, before);
    this.#byHost.set(host, (this.#byHost.get(host) ?? new Set()).add(instance));
  }

  #leaveHost(instance: HeardInstance, host: string): void {
    const others = this.#byHost.get(host);
    others?.delete(instance);
    if (others?.size !== 0) return;
    this.#byHost.delete(host);
    this.#hosts.delete(host);
  }

  #update(instance: HeardInstance): void {
    const { table, skipped, onHostMissing } = this.#options;
    if (!instance.isWhole) {
      this.#sweepSoon(this.#options.clock.now() + incompleteMs);
      return;
    }
    this.#sweepSoon(instance.endsAt);
    try {
      const host = sameName(instance.target?.target ?? '');
      const record = instance.recordAt(preferred([...(this.#hosts.get(host)?.keys() ?? [])]));
      if (record !== undefined) table.put(instance.name, record);
      else {
        table.delete(instance.name);
        if (!instance.isCopy && instance.target !== undefined) onHostMissing(instance.target.target);
      }
    } catch (thrown) {
      table.delete(instance.name);
      skipped.met(instance.name, instance.fingerprint, thrown);
    }
  }

  #remove(instance: HeardInstance): void {
    this.#instances.delete(instance.name);
    this.#textBytes -= instance.textBytes;
    if (instance.target !== undefined) this.#leaveHost(instance, sameName(instance.target.target));
    if (!this.#options.isOurs(instance.name)) this.#options.table.delete(instance.name);
  }

  #sweepSoon(at: number): void {
    const { clock } = this.#options;
    const now = clock.now();
    // Asked for again at four fifths of its time; and a sweep serves all that end at about the same time.
    const due = Math.max(now + sweepEveryMs, now + (at - now) * 0.8);
    if (due >= this.#sweepAt) return;
    this.#cancelSweep();
    this.#sweepAt = due;
    this.#cancelSweep = clock.after(due - now, () => this.#sweep());
  }

  #sweep(): void {
    const { clock, onEnding, onMissed } = this.#options;
    const now = clock.now();
    const isLate = now - this.#sweepAt > pausedMs;
    this.#sweepAt = Number.POSITIVE_INFINITY;
    if (isLate && !this.#isFrozen) {
      this.thaw(graceMs);
      onMissed();
      return;
    }
    for (const instance of [...this.#instances.values()]) {
      const endsAt = instance.isWhole ? instance.endsAt : instance.endsAt + incompleteMs;
      if (endsAt <= now && !this.#isFrozen) this.#remove(instance);
      else {
        if (instance.isWhole && endsAt - now <= instance.lifeMs * 0.2) onEnding(instance);
        this.#sweepSoon(Math.max(endsAt, now));
      }
    }
    for (const [domain, endsAt] of this.#listed) if (endsAt <= now) this.#listed.delete(domain);
  }
}

/** One that others on this link reach: not one that an interface without a network gave itself. */
function preferred(addresses: readonly string[]): readonly string[] {
  const rank = (address: string): number =>
    (address.includes(':') ? 2 : 0) + (/^(169\.254\.|fe80:)/i.test(address) ? 1 : 0);
  return [...addresses].sort((one, other) => rank(one) - rank(other));
}

const maxInstances = 20_000;
const maxAddresses = 16;
const maxTextBytes = 64 * 1_024 * 1_024;
const incompleteMs = 5_000;
const sweepEveryMs = 200;
/** So much later than due, a sweep tells that the whole process stood still. */
const pausedMs = 1_000;
const graceMs = 2_000;
