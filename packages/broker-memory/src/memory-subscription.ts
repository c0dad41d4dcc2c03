import type { Broker, Delivery, Message, Subscription } from '@tenon/contract';
import { WorkerPool } from '@tenon/contract/authoring';
import type { Receiver } from './memory-hub.js';
import { copyOf } from './message-copy.js';

/** One subscription at most once: what arrived waits here for a handler. */
export class MemorySubscription implements Subscription, Receiver {
  readonly #handler: (delivery: Delivery) => Promise<void>;
  readonly #pool: WorkerPool;
  #state: 'open' | 'draining' | 'closed' = 'open';
  #leave: () => void = () => {};

  constructor(
    readonly broker: Broker,
    readonly topic: string,
    readonly queue: string | undefined,
    handler: (delivery: Delivery) => Promise<void>,
    maxInFlight: number,
  ) {
    this.#handler = handler;
    this.#pool = new WorkerPool(maxInFlight);
  }

  /** Sets what takes the subscription out of its hub; called once, when it drains or closes. */
  onEnd(leave: () => void): void {
    this.#leave = leave;
  }

  receive(topic: string, message: Message): void {
    if (this.#state !== 'open') return;
    const delivery: Delivery = Object.freeze({ topic, message: copyOf(message), attempt: 1 });
    this.#pool.run(() => this.#handle(delivery));
  }

  async drain(): Promise<void> {
    if (this.#state === 'open') this.#end('draining');
    await this.#pool.idle();
  }

  async close(): Promise<void> {
    if (this.#state === 'open') this.#end('closed');
    this.#state = 'closed';
    // What waits would be left out by #handle too, but not before a handler that runs has ended: this frees it now.
    this.#pool.clear();
  }

  async #handle(delivery: Delivery): Promise<void> {
    // One turn later, so that no handler runs inside its publisher's call.
    await Promise.resolve();
    if (this.#state === 'closed') return;
    try {
      await this.#handler(delivery);
    } catch {
      // At most once: a rejected message is gone, as the contract says. Whoever made the handler has its error.
    }
  }

  #end(state: 'draining' | 'closed'): void {
    this.#state = state;
    this.#leave();
  }
}
