import type { CancelTimer, Delivery, Subscription } from '@tenon/contract';
import { Settler, type SettlingParts } from '@tenon/contract/authoring';
import type { Subscriber } from '../wire/subscriber-record.js';
import { numberHeader, requestHeaders } from '../wire/tenon-headers.js';
import type { Receiver } from './broker-server.js';
import type { Posted } from './posted.js';

/** What an {@link AcknowledgedSubscription} works with. */
export interface AcknowledgedParts extends SettlingParts {
  /**
   * Keeps a message of a publisher that will not post it again, to be handed to this subscription, or its queue, at least once. Rejects
   * where it could not.
   */
  readonly adopt: (posted: Posted) => Promise<void>;
  /** Takes it out of the registry and of the server; called once. */
  readonly leave: (subscription: Receiver) => Promise<void>;
}

/**
 * One subscription at least once: a message is answered for when its handler has resolved. What comes while all handlers are busy
 * waits unanswered, as long as its publisher does.
 */
export class AcknowledgedSubscription implements Subscription, Receiver {
  readonly subscriber: Subscriber;
  readonly #parts: AcknowledgedParts;
  readonly #settler: Settler;
  readonly #maxInFlight: number;
  readonly #waiting = new Map<Posted, CancelTimer>();
  #running = 0;
  #idle: (() => void)[] = [];
  #isOpen = true;
  #left: Promise<void> | undefined;

  constructor(subscriber: Subscriber, parts: AcknowledgedParts) {
    this.subscriber = subscriber;
    this.#parts = parts;
    this.#settler = new Settler(parts);
    this.#maxInFlight = parts.terms.ordered ? 1 : parts.terms.maxInFlight;
  }

  get topic(): string {
    return this.subscriber.topic;
  }

  receive(posted: Posted): void {
    const { attempt } = requestHeaders;
    if (!this.#isOpen) posted.gone();
    else if (numberHeader(posted.headers, attempt) === undefined) void this.#adopt(posted);
    else if (this.#running < this.#maxInFlight) void this.#handle(posted);
    else if (this.#waiting.size >= Math.max(minWaiting, this.#maxInFlight)) posted.refused();
    else this.#wait(posted);
  }

  async drain(): Promise<void> {
    this.#end();
    await this.#leave();
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async close(): Promise<void> {
    this.#end();
    await this.#leave();
  }

  async #handle(posted: Posted): Promise<void> {
    this.#running += 1;
    const { topic, message, headers } = posted;
    const attempt = Math.max(1, numberHeader(headers, requestHeaders.attempt, maxAttempt) ?? 1);
    const delivery: Delivery = Object.freeze({ topic, message, attempt });
    const settlement = {
      ack: () => posted.taken(),
      nack: (delayMs: number) => posted.again(delayMs),
      working: () => posted.working(),
    };
    await this.#settler.settle(delivery, settlement);
    this.#running -= 1;
    const [next] = this.#waiting.keys();
    if (next !== undefined) {
      this.#unwait(next);
      void this.#handle(next);
    } else if (this.#running === 0) {
      for (const resolve of this.#idle.splice(0)) resolve();
      if (!this.#isOpen) this.#settler.close();
    }
  }

  async #adopt(posted: Posted): Promise<void> {
    try {
      await this.#parts.adopt(posted);
      posted.taken();
    } catch (error) {
      this.#parts.logger.warn('a message that comes only once could not be kept', { topic: posted.topic, error });
      posted.refused();
    }
  }

  /** Signs of life while a message waits, which is none of its handler's time. */
  #signs(posted: Posted): CancelTimer {
    const { clock, terms } = this.#parts;
    const everyMs = Math.max(50, terms.ackWaitMs / 3);
    let cancel = clock.after(everyMs, function sign() {
      posted.working();
      cancel = clock.after(everyMs, sign);
    });
    return () => cancel();
  }

  #wait(posted: Posted): void {
    this.#waiting.set(posted, this.#signs(posted));
    posted.onGone(() => this.#unwait(posted));
  }

  #unwait(posted: Posted): void {
    this.#waiting.get(posted)?.();
    this.#waiting.delete(posted);
  }

  /** What waits goes to others. */
  #end(): void {
    this.#isOpen = false;
    if (this.#running === 0) this.#settler.close();
    for (const posted of [...this.#waiting.keys()]) {
      this.#unwait(posted);
      posted.gone();
    }
  }

  #leave(): Promise<void> {
    this.#left ??= this.#parts.leave(this);
    return this.#left;
  }
}

/** For publishers that meet at one subscription, each of which posts as much as it handles at once. */
const minWaiting = 16;
const maxAttempt = 1_000_000;
