import type { CancelTimer, Clock, Lease, LeaseState, ServiceError } from '@tenon/contract';
import { LeaseHandle } from '@tenon/contract/authoring';

/** What a registration is made of. */
export interface RegistrationOptions {
  readonly key: string;
  readonly value: Buffer;
  /** Whole seconds, as etcd counts them. */
  readonly ttlSeconds: number;
  readonly clock: Clock;
  /** Takes the entry out of etcd; called once. */
  readonly onRelease: (registration: Registration) => Promise<void>;
}

/**
 * One entry of ours: the key and value that are to stand in etcd, the etcd lease that they hang on, and the `Lease` that
 * our caller holds. It knows its state and its times; the {@link LeaseKeeper} does the work.
 *
 * Each registration has an etcd lease of its own, as in go-micro. Giving it up is then all that releasing takes: where
 * etcd cannot be told, the entry ends with its time to live, although others of this process are renewed; and a write
 * that arrives late finds its lease gone and changes nothing.
 */
export class Registration implements Lease {
  readonly key: string;
  readonly value: Buffer;
  readonly ttlSeconds: number;
  /** The id of the etcd lease, once there is one. */
  leaseId: string | undefined;
  /** When the lease was last renewed, and the entry last seen in its place. */
  renewedAt: number;
  checkedAt: number;
  readonly #clock: Clock;
  readonly #handle: LeaseHandle;
  #cancelExpiry: CancelTimer = () => {};
  #work: Promise<unknown> = Promise.resolve();

  constructor({ key, value, ttlSeconds, clock, onRelease }: RegistrationOptions) {
    this.key = key;
    this.value = value;
    this.ttlSeconds = ttlSeconds;
    this.#clock = clock;
    this.#handle = new LeaseHandle(() => {
      this.#cancelExpiry();
      return onRelease(this);
    });
    this.renewedAt = clock.now();
    this.checkedAt = this.renewedAt;
  }

  get state(): LeaseState {
    return this.#handle.state;
  }

  onChange(listener: Parameters<Lease['onChange']>[0]): () => void {
    return this.#handle.onChange(listener);
  }

  release(): Promise<void> {
    return this.#handle.release();
  }

  /** Runs work on the entry in etcd, one after the other, so that a release comes after a write that is under way. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#work.then(work);
    this.#work = result.catch(() => {});
    return result;
  }

  /** etcd renewed the lease, asked at `askedAt`. Without another renewal, `onExpiry` is called when its time is up. */
  renewed(askedAt: number, onExpiry: () => void): void {
    if (this.state === 'released') return;
    this.renewedAt = askedAt;
    this.#cancelExpiry();
    const endsAt = askedAt + this.ttlSeconds * 1_000;
    this.#cancelExpiry = this.#clock.after(Math.max(0, endsAt - this.#clock.now()), onExpiry);
  }

  /** The entry stands, under a lease that lives. */
  confirmed(): void {
    this.checkedAt = this.#clock.now();
    this.#handle.confirmed();
  }

  /** The entry is gone, or may be. */
  lost(reason: ServiceError): void {
    this.#cancelExpiry();
    this.#handle.lost(reason);
  }
}
