import type { Delivery, Subscription } from '@tenon/contract';
import { type Settlement, Settler, type SettlingParts } from '@tenon/contract/authoring';
import type { Taker } from './kept-queue.js';
import type { KeptPlace } from './memory-hub.js';
import { copyOf } from './message-copy.js';
import type { LoggedMessage } from './message-log.js';

/** One subscription at least once: it takes what it can handle, and settles it. */
export class AcknowledgingSubscription implements Subscription, Taker {
  readonly #reaches: () => boolean;
  readonly #parts: SettlingParts;
  readonly #settler: Settler;
  #running = 0;
  #idle: (() => void)[] = [];
  #isOpen = true;
  #place: KeptPlace | undefined;

  /** @param reaches - whether the hub can be reached now. */
  constructor(reaches: () => boolean, parts: SettlingParts) {
    this.#reaches = reaches;
    this.#parts = parts;
    this.#settler = new Settler(parts);
  }

  get topic(): string {
    return this.#parts.terms.topic;
  }

  get isFree(): boolean {
    return this.#isOpen && this.#reaches() && this.#running < this.#parts.terms.maxInFlight;
  }

  /** Takes its place in the hub; called once. */
  joined(place: KeptPlace): void {
    this.#place = place;
  }

  take({ topic, message, sequence }: LoggedMessage, attempt: number, settlement: Settlement): void {
    const delivery: Delivery = Object.freeze({ topic, message: copyOf(message), attempt, sequence });
    this.#running += 1;
    void this.#settle(delivery, settlement);
  }

  async drain(): Promise<void> {
    this.#end();
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async close(): Promise<void> {
    this.#end();
  }

  async #settle(delivery: Delivery, settlement: Settlement): Promise<void> {
    // One turn later, so that no handler runs inside its publisher's call.
    await Promise.resolve();
    await this.#settler.settle(delivery, this.#overHub(settlement));
    this.#running -= 1;
    this.#place?.freed();
    if (this.#running > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
    if (!this.#isOpen) this.#settler.close();
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#place?.leave();
    if (this.#running === 0) this.#settler.close();
  }

  /** Cut off, nothing is settled: the message comes again to whoever can be reached. */
  #overHub(settlement: Settlement): Settlement {
    const whereReached = (act: () => void) => (): void => {
      if (this.#reaches()) act();
    };
    return {
      ack: whereReached(() => settlement.ack()),
      nack: (delayMs) => whereReached(() => settlement.nack(delayMs))(),
      working: whereReached(() => settlement.working()),
    };
  }
}
