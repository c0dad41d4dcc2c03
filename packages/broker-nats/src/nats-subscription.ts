import type { Msg, NatsConnection, Subscription as NatsSide } from '@nats-io/transport-node';
import { type Clock, type Delivery, type Logger, type Message, ServiceError, type Subscription } from '@tenon/contract';
import { DeliveryPool, DropLog } from '@tenon/contract/authoring';
import { natsError } from '@tenon/nats';
import type { Envelope } from './envelope.js';
import { eventsOf, isBatch } from './event-batch.js';

/** What one subscription is made of. */
export interface SubscriptionSettings {
  readonly topic: string;
  readonly queue: string | undefined;
  readonly handler: (delivery: Delivery) => Promise<void>;
  readonly envelope: Envelope;
  readonly maxInFlight: number;
  readonly maxWaitingMessages: number;
  readonly maxWaitingBytes: number;
}

/**
 * One subscription, over however many connections it lives. What arrives waits here for a handler, within bounds: NATS
 * would cut off the whole connection of a client that reads too slowly, so a topic whose handlers cannot follow loses its
 * newest messages instead, each counted.
 */
export class NatsSubscription implements Subscription {
  readonly topic: string;
  readonly #settings: SubscriptionSettings;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #pool: DeliveryPool;
  readonly #overflow: DropLog;
  readonly #malformed: DropLog;
  readonly #onEnd: (subscription: NatsSubscription) => void;
  #connection: NatsConnection | undefined;
  #side: NatsSide | undefined;
  #refusal: ServiceError | undefined;
  #state: 'open' | 'draining' | 'deaf' | 'closed' = 'open';
  #drained: Promise<void> | undefined;

  /** @param onEnd - called once, as soon as the subscription drains or closes. */
  constructor(
    settings: SubscriptionSettings,
    onEnd: (subscription: NatsSubscription) => void,
    logger: Logger,
    clock: Clock,
  ) {
    this.topic = settings.topic;
    this.#settings = settings;
    this.#onEnd = onEnd;
    this.#logger = logger.child({ topic: settings.topic });
    this.#clock = clock;
    this.#pool = new DeliveryPool({ ...settings, logger: this.#logger });
    this.#overflow = new DropLog(this.#logger, clock, 'messages dropped: handlers are slower than their topic');
    this.#malformed = new DropLog(this.#logger, clock, 'messages dropped: they are malformed');
  }

  /** How many messages were dropped because too many waited. */
  get overflowed(): number {
    return this.#overflow.count;
  }

  /** How many messages were dropped because they were malformed. */
  get malformed(): number {
    return this.#malformed.count;
  }

  /** Why the server does not let us listen, where it does not. */
  get refusal(): ServiceError | undefined {
    return this.#refusal;
  }

  /** Subscribes on a new connection; the client forgot the subscription of the one before. */
  attach(connection: NatsConnection): void {
    if (this.#state !== 'open') return;
    const { topic, queue } = this.#settings;
    this.#refusal = undefined;
    this.#connection = connection;
    this.#side = connection.subscribe(topic, {
      ...(queue === undefined ? {} : { queue }),
      callback: (failure, message) => (failure === null ? this.#receive(message) : this.#refused(failure)),
    });
  }

  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#end('closed');
    if (this.#side?.isClosed() === false) this.#side.unsubscribe();
    this.#pool.clear();
  }

  async #drain(): Promise<void> {
    if (this.#state === 'open') {
      this.#end('draining');
      await this.#unsubscribe();
      // Closed meanwhile, it stays closed.
      if ((this.#state as string) === 'draining') this.#state = 'deaf';
    }
    await this.#pool.idle();
    this.#overflow.end();
    this.#malformed.end();
  }

  /** Resolves when the server has sent the last message, or is gone, or does not answer. */
  async #unsubscribe(): Promise<void> {
    const side = this.#side;
    const connection = this.#connection;
    if (side === undefined || connection === undefined || side.isClosed()) return;
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#clock.after(unsubscribeMs, resolve);
    });
    // The client's drain stays pending, or rejects, where the connection is lost: then nothing more can arrive either.
    await Promise.race([side.drain().catch(() => {}), connection.closed(), late]);
    cancel();
  }

  #end(state: 'draining' | 'closed'): void {
    const wasOpen = this.#state === 'open';
    this.#state = state;
    if (wasOpen) this.#onEnd(this);
    if (state === 'draining') return;
    this.#overflow.end();
    this.#malformed.end();
  }

  #refused(failure: Error): void {
    this.#refusal = natsError(failure, `NATS refused the subscription to ${this.topic}`, { executed: 'no' });
    this.#logger.error('NATS refused the subscription; it is tried again with the next connection', {
      error: this.#refusal,
    });
  }

  /** Runs inside the client's parser, which an exception would end: it must not throw. */
  #receive(received: Msg): void {
    if (this.#state === 'deaf' || this.#state === 'closed') return;
    const { data } = received;
    if (!this.#settings.envelope.batches || !isBatch(data)) {
      this.#take(received, 0, data.length);
      return;
    }
    let events: readonly number[];
    try {
      events = eventsOf(data);
    } catch (failure) {
      this.#malformed.add({ reason: ServiceError.from(failure).rawMessage });
      return;
    }
    for (let index = 0; index < events.length; index += 2) {
      this.#take(received, events[index] as number, events[index + 1] as number);
    }
  }

  #take(received: Msg, start: number, end: number): void {
    const bytes = end - start;
    if (this.#pool.isFull(bytes)) {
      this.#overflow.add();
      return;
    }
    let message: Message;
    try {
      message = this.#settings.envelope.unpack(received, start, end);
    } catch (failure) {
      this.#malformed.add({ reason: ServiceError.from(failure).rawMessage });
      return;
    }
    this.#pool.run({ topic: received.subject, message, attempt: 1 }, bytes);
  }
}

/** A server that is alive answers in a round trip; one that is not must not hold up a shutdown. */
const unsubscribeMs = 2 * 1_000;
