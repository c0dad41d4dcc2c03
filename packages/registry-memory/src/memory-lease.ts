import {
  type CancelTimer,
  type Clock,
  type Lease,
  type LeaseState,
  ServiceError,
  type ServiceRecord,
} from '@tenon/contract';
import type { Claim, MemoryRegistryStore } from './memory-registry-store.js';

/** What a lease needs of its registry. */
export interface LeaseHome {
  readonly store: MemoryRegistryStore;
  readonly clock: Clock;
  /** Whether the registry reaches the store now. */
  reachable(): boolean;
  /** Called once, when the lease is released. */
  forget(lease: MemoryLease): void;
}

/**
 * One entry of a store, renewed each third of its time to live.
 *
 * Loss is noticed in two ways: the entry is missing when it is renewed, or the store could not be reached for the whole
 * time to live, after which the entry is gone there too.
 */
export class MemoryLease implements Lease, Claim {
  readonly clock: Clock;
  readonly #home: LeaseHome;
  readonly #record: ServiceRecord;
  readonly #nodeId: string;
  readonly #listeners = new Set<{ readonly call: Parameters<Lease['onChange']>[0] }>();
  #state: LeaseState = 'held';
  #renewedAt: number;
  #cancelRenewal: CancelTimer;

  /** Puts the record in at once: whoever makes a lease knows that the store can be reached. */
  constructor(
    home: LeaseHome,
    record: ServiceRecord,
    nodeId: string,
    readonly ttlMs: number,
  ) {
    this.#home = home;
    this.clock = home.clock;
    this.#record = record;
    this.#nodeId = nodeId;
    home.store.put(record, nodeId, this);
    this.#renewedAt = home.clock.now();
    this.#cancelRenewal = home.clock.after(ttlMs / 3, this.#renewLater);
  }

  /** Equal for leases of the same node. */
  get key(): string {
    return JSON.stringify([this.#record.name, this.#nodeId]);
  }

  get state(): LeaseState {
    return this.#state;
  }

  onChange(listener: (state: LeaseState, reason?: ServiceError) => void): () => void {
    const entry = { call: listener };
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  release(): Promise<void> {
    if (this.#state !== 'released') {
      if (this.#home.reachable()) this.#home.store.remove(this.#record.name, this.#nodeId, this);
      this.end();
    }
    return Promise.resolve();
  }

  /** Counts as released from now on; the entry itself is left to whoever replaced it. */
  end(): void {
    if (this.#state === 'released') return;
    this.#cancelRenewal();
    this.#home.forget(this);
    this.#become('released');
    this.#listeners.clear();
  }

  /** Renews now: when a third of the time has passed, and at once when the store can be reached again. */
  renew(): void {
    if (this.#state === 'released') return;
    this.#cancelRenewal();
    if (this.#home.reachable()) this.#renewInStore();
    else this.#ageAlone();
    if (this.state === 'released') return;
    const untilLost = this.#renewedAt + this.ttlMs - this.clock.now();
    const delayMs = untilLost > 0 ? Math.min(this.ttlMs / 3, untilLost) : this.ttlMs / 3;
    this.#cancelRenewal = this.clock.after(delayMs, this.#renewLater);
  }

  readonly #renewLater = (): void => this.renew();

  #renewInStore(): void {
    const found = this.#home.store.renew(this.#record.name, this.#nodeId, this);
    if (found === 'replaced') {
      this.end();
      return;
    }
    if (found === 'missing') {
      this.#lose(`the registry no longer has node ${this.#nodeId} of ${this.#record.name}`);
      // A listener may have answered the loss by releasing.
      if (this.state === 'released') return;
      this.#home.store.put(this.#record, this.#nodeId, this);
    }
    this.#renewedAt = this.clock.now();
    if (this.#state === 'lost') this.#become('held');
  }

  #ageAlone(): void {
    if (this.clock.now() - this.#renewedAt < this.ttlMs) return;
    this.#lose(`node ${this.#nodeId} of ${this.#record.name} could not be renewed for ${this.ttlMs} ms`);
  }

  #lose(message: string): void {
    if (this.#state === 'held') this.#become('lost', new ServiceError('Unavailable', message));
  }

  #become(state: LeaseState, reason?: ServiceError): void {
    this.#state = state;
    for (const { call } of [...this.#listeners]) call(state, reason);
  }
}
