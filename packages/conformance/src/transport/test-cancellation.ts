import { type CancelListener, type Cancellation, ServiceError } from '@tenon/contract';

/** A cancellation that a case cancels by hand. */
export class TestCancellation implements Cancellation {
  readonly #listeners = new Set<CancelListener>();
  #canceled: ServiceError | undefined;

  get canceled(): ServiceError | undefined {
    return this.#canceled;
  }

  /** How many calls listen. */
  get listening(): number {
    return this.#listeners.size;
  }

  listen(listener: CancelListener): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: CancelListener): void {
    this.#listeners.delete(listener);
  }

  cancel(reason: ServiceError = new ServiceError('Canceled', 'the caller gave up')): void {
    if (this.#canceled !== undefined) return;
    this.#canceled = reason;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener.onCancel(reason);
  }
}

/** A cancellation that nobody has cancelled yet. */
export function testCancellation(): TestCancellation {
  return new TestCancellation();
}
