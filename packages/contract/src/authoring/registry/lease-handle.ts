import type { Lease, LeaseState } from '../../registry.js';
import type { ServiceError } from '../../service-error.js';

type LeaseListener = Parameters<Lease['onChange']>[0];

/** The state of a lease and who follows it: what its holder gets. The provider tells it what has become of the entry. */
export class LeaseHandle implements Lease {
  readonly #onRelease: () => Promise<void>;
  readonly #listeners = new Set<{ readonly call: LeaseListener }>();
  #state: LeaseState = 'held';
  #releasing: Promise<void> | undefined;

  /** @param onRelease - takes the entry out; called once. Must not reject. */
  constructor(onRelease: () => Promise<void>) {
    this.#onRelease = onRelease;
  }

  get state(): LeaseState {
    return this.#state;
  }

  onChange(listener: LeaseListener): () => void {
    const entry = { call: listener };
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  release(): Promise<void> {
    if (this.#releasing === undefined) {
      this.#become('released');
      this.#listeners.clear();
      this.#releasing = this.#onRelease();
    }
    return this.#releasing;
  }

  /** The entry stands. */
  confirmed(): void {
    if (this.#state === 'lost') this.#become('held');
  }

  /** The entry is gone, or may be. */
  lost(reason: ServiceError): void {
    if (this.#state === 'held') this.#become('lost', reason);
  }

  #become(state: LeaseState, reason?: ServiceError): void {
    this.#state = state;
    for (const { call } of [...this.#listeners]) call(state, reason);
  }
}
