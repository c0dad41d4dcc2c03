import type { Delivery, Logger, Subscription } from '@tenon/contract';
import { DeliveryPool } from '@tenon/contract/authoring';
import type { Subscriber } from '../wire/subscriber-record.js';
import { numberHeader, requestHeaders } from '../wire/tenon-headers.js';
import type { Receiver } from './broker-server.js';
import type { Posted } from './posted.js';
import { Repetitions } from './repetitions.js';

/** What a {@link PlainSubscription} works with. */
export interface PlainParts {
  readonly handler: (delivery: Delivery) => Promise<void>;
  readonly maxInFlight: number;
  readonly maxWaitingMessages: number;
  readonly maxWaitingBytes: number;
  readonly logger: Logger;
  /** Takes it out of the registry and of the server; called once. */
  readonly leave: (subscription: Receiver) => Promise<void>;
}

/** One subscription at most once: a message is answered for when it is in hand, and waits here for a handler. */
export class PlainSubscription implements Subscription, Receiver {
  readonly subscriber: Subscriber;
  readonly #parts: PlainParts;
  readonly #pool: DeliveryPool;
  readonly #seen = new Repetitions();
  #state: 'open' | 'draining' | 'closed' = 'open';
  #left: Promise<void> | undefined;

  constructor(subscriber: Subscriber, parts: PlainParts) {
    this.subscriber = subscriber;
    this.#parts = parts;
    this.#pool = new DeliveryPool(parts);
  }

  get topic(): string {
    return this.subscriber.topic;
  }

  receive(posted: Posted): void {
    if (this.#state !== 'open') posted.gone();
    else if (this.#pool.isFull(posted.bytes.length)) posted.refused();
    else {
      if (!this.#isRepetition(posted)) this.#take(posted);
      posted.taken();
    }
  }

  async drain(): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining';
    await this.#leave();
    await this.#pool.idle();
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#pool.clear();
    await this.#leave();
  }

  #take({ topic, message, bytes }: Posted): void {
    this.#pool.run(Object.freeze({ topic, message, attempt: 1 }), bytes.length);
  }

  #leave(): Promise<void> {
    this.#left ??= this.#parts.leave(this);
    return this.#left;
  }

  #isRepetition({ headers }: Posted): boolean {
    const lane = headers[requestHeaders.lane];
    const sequence = numberHeader(headers, requestHeaders.sequence);
    return typeof lane === 'string' && lane.length <= 64 && sequence !== undefined && this.#seen.has(lane, sequence);
  }
}
