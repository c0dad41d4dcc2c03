import {
  type Clock,
  type Lease,
  type RegisterOptions,
  type Registry,
  type RegistryCapabilities,
  type RegistryEvent,
  ServiceError,
  type ServiceRecord,
} from '@tenon/contract';
import { checkedNumber, LatestValue } from '@tenon/contract/authoring';
import { type LeaseHome, MemoryLease } from './memory-lease.js';
import type { MemoryRegistryStore } from './memory-registry-store.js';
import { frozenCopy } from './record-copy.js';

/** One client of a {@link MemoryRegistryStore}. */
export class MemoryRegistry implements Registry {
  readonly capabilities: RegistryCapabilities = Object.freeze<RegistryCapabilities>({
    expires: true,
    consistency: {
      register: { level: 'strong', whenCutOff: 'refuses' },
      lookup: { level: 'strong', whenCutOff: 'refuses' },
      cachedCall: { level: 'eventual', whenCutOff: 'answers' },
    },
    reach: 'process',
  });
  readonly #store: MemoryRegistryStore;
  readonly #leases: LeaseHome;
  readonly #held = new Map<string, MemoryLease>();
  readonly #watches = new Set<Watch>();
  readonly #disconnect: () => void;
  #isClosed = false;

  constructor(store: MemoryRegistryStore, clock: Clock) {
    this.#store = store;
    this.#leases = {
      store,
      clock,
      reachable: () => store.reaches(this),
      forget: (lease) => {
        if (this.#held.get(lease.key) === lease) this.#held.delete(lease.key);
      },
    };
    this.#disconnect = store.connect({
      registry: this,
      onChange: (name) => this.#tell((watch) => watch.name === name),
      onCut: () => this.#tell(() => true),
      onHeal: () => {
        for (const lease of [...this.#held.values()]) lease.renew();
        this.#tell(() => true);
      },
    });
  }

  get trouble(): ServiceError | undefined {
    if (this.#isClosed) return closedError();
    return this.#store.reaches(this) ? undefined : unreachableError();
  }

  async register(record: ServiceRecord, options: RegisterOptions): Promise<Lease> {
    const ttlMs = checkedNumber('register.ttlMs', options.ttlMs, { min: 1_000, max: 24 * 3_600_000, fallback: 15_000 });
    const copy = frozenCopy(record);
    const [node, ...others] = copy.nodes;
    if (node === undefined || others.length > 0) {
      const message = `a record of ${copy.name} with ${copy.nodes.length} nodes cannot be registered; it must have exactly one`;
      throw new ServiceError('InvalidArgument', message, { executed: 'no' });
    }
    this.#assertUsable(options.signal);
    const lease = new MemoryLease(this.#leases, copy, node.id, ttlMs);
    const earlier = this.#held.get(lease.key);
    this.#held.set(lease.key, lease);
    earlier?.end();
    return lease;
  }

  async lookup(
    name: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly ServiceRecord[]> {
    this.#assertUsable(options?.signal);
    return this.#store.records(name);
  }

  async list(options?: { readonly signal?: AbortSignal | undefined }): Promise<readonly string[]> {
    this.#assertUsable(options?.signal);
    return this.#store.names();
  }

  watch(name: string, options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<RegistryEvent> {
    return { [Symbol.asyncIterator]: () => this.#open(name, options?.signal) };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const lease of [...this.#held.values()]) await lease.release();
    for (const watch of [...this.#watches]) watch.events.end();
    this.#disconnect();
  }

  #open(name: string, signal: AbortSignal | undefined): AsyncIterator<RegistryEvent> {
    if (this.#isClosed) return { next: () => Promise.reject(closedError()) };
    const end = (): void => watch.events.end();
    const events = new LatestValue<RegistryEvent>(() => {
      this.#watches.delete(watch);
      signal?.removeEventListener('abort', end);
    });
    const watch: Watch = { name, events };
    if (signal?.aborted === true) {
      end();
    } else {
      this.#watches.add(watch);
      signal?.addEventListener('abort', end);
      events.set(this.#eventFor(name));
    }
    return events;
  }

  #tell(concerns: (watch: Watch) => boolean): void {
    for (const watch of [...this.#watches]) if (concerns(watch)) watch.events.set(this.#eventFor(watch.name));
  }

  #eventFor(name: string): RegistryEvent {
    if (this.#store.reaches(this)) return { kind: 'set', records: this.#store.records(name) };
    return { kind: 'error', error: unreachableError() };
  }

  #assertUsable(signal: AbortSignal | undefined): void {
    if (this.#isClosed) throw closedError();
    if (signal?.aborted === true) throw new ServiceError('Canceled', 'the call was aborted', { executed: 'no' });
    if (!this.#store.reaches(this)) throw unreachableError();
  }
}

interface Watch {
  readonly name: string;
  readonly events: LatestValue<RegistryEvent>;
}

function closedError(): ServiceError {
  return new ServiceError('FailedPrecondition', 'the memory registry was closed', { executed: 'no' });
}

function unreachableError(): ServiceError {
  return new ServiceError('Unavailable', 'the memory registry is cut off from its store', { executed: 'no' });
}
