import type {
  Broker,
  BrokerCapabilities,
  BrokerPublishOptions,
  Clock,
  DeadLetterQuery,
  DeadLetters,
  Delivery,
  LevelCapabilities,
  Logger,
  Message,
  SubscribeOptions,
  Subscription,
} from '@tenon/contract';
import { ServiceError } from '@tenon/contract';
import { checkedLevel, type SubscriptionTerms, subscriptionTerms } from '@tenon/contract/authoring';
import { AcknowledgingSubscription } from './acknowledging-subscription.js';
import type { MemoryHub } from './memory-hub.js';
import { MemorySubscription } from './memory-subscription.js';

/** One client of a {@link MemoryHub}. */
export class MemoryBroker implements Broker {
  readonly capabilities = capabilities;
  readonly contentType = 'application/msgpack';
  readonly #hub: MemoryHub;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #subscriptions = new Set<Subscription>();
  readonly deadLetters: DeadLetters;
  #isClosed = false;

  constructor(hub: MemoryHub, clock: Clock, logger: Logger) {
    this.#hub = hub;
    this.#clock = clock;
    this.#logger = logger.child({ broker: 'memory' });
    this.deadLetters = Object.freeze<DeadLetters>({
      list: async (query?: DeadLetterQuery) => this.#usable(query?.signal).list(query),
      requeue: async (id) => this.#usable().requeue(id),
      remove: async (id) => this.#usable().remove(id),
    });
  }

  get trouble(): ServiceError | undefined {
    if (this.#isClosed) return closedError();
    return this.#hub.reaches(this) ? undefined : unreachableError();
  }

  async publish(topic: string, message: Message, options: BrokerPublishOptions = {}): Promise<void> {
    this.#assertUsable(options.signal);
    checkedLevel(options.delivery, this.capabilities);
    this.#hub.publish(topic, message);
  }

  async subscribe(
    topic: string,
    handler: (delivery: Delivery) => Promise<void>,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    const terms = subscriptionTerms(topic, options, this.capabilities);
    this.#assertUsable(options.signal);
    return terms.delivery === 'atLeastOnce' ? this.#acknowledging(terms, handler) : this.#plain(terms, handler);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const subscription of [...this.#subscriptions]) await subscription.close();
  }

  #plain({ topic, queue, maxInFlight }: SubscriptionTerms, handler: Handler): Subscription {
    const subscription = new MemorySubscription(this, topic, queue, handler, maxInFlight);
    const leave = this.#hub.subscribe(topic, subscription);
    this.#subscriptions.add(subscription);
    subscription.onEnd(() => {
      leave();
      this.#subscriptions.delete(subscription);
    });
    return subscription;
  }

  #acknowledging(terms: SubscriptionTerms, handler: Handler): Subscription {
    const subscription = new AcknowledgingSubscription(() => this.#hub.reaches(this), {
      terms,
      handler,
      bury: (deadLetter, message) => this.publish(deadLetter, message),
      clock: this.#clock,
      logger: this.#logger.child({ topic: terms.topic }),
    });
    const { freed, leave } = this.#hub.keep(terms, subscription);
    this.#subscriptions.add(subscription);
    subscription.joined({
      freed,
      leave: () => {
        leave();
        this.#subscriptions.delete(subscription);
      },
    });
    return subscription;
  }

  #usable(signal?: AbortSignal): DeadLetters {
    this.#assertUsable(signal);
    return this.#hub.deadLetters;
  }

  #assertUsable(signal: AbortSignal | undefined): void {
    if (this.#isClosed) throw closedError();
    if (signal?.aborted === true) throw new ServiceError('Canceled', 'the call was aborted', { executed: 'no' });
    if (!this.#hub.reaches(this)) throw unreachableError();
  }
}

function closedError(): ServiceError {
  return new ServiceError('FailedPrecondition', 'the memory broker was closed', { executed: 'no' });
}

function unreachableError(): ServiceError {
  return new ServiceError('Unavailable', 'the memory broker is cut off from its hub', { executed: 'no' });
}

type Handler = (delivery: Delivery) => Promise<void>;

const level = Object.freeze<LevelCapabilities>({
  whileDown: 'rejects',
  patterns: true,
  replays: false,
  outlives: 'nothing',
});
const capabilities: BrokerCapabilities = Object.freeze({
  delivery: 'atMostOnce',
  levels: Object.freeze({
    atMostOnce: level,
    atLeastOnce: Object.freeze<LevelCapabilities>({ ...level, replays: true, outlives: 'subscribers' }),
  }),
});
