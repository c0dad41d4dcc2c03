import {
  type Broker,
  type BrokerCapabilities,
  type Delivery,
  defaultMaxInFlight,
  type Message,
  ServiceError,
  type SubscribeOptions,
  type Subscription,
} from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import type { MemoryHub } from './memory-hub.js';
import { MemorySubscription } from './memory-subscription.js';

/** One client of a {@link MemoryHub}. */
export class MemoryBroker implements Broker {
  readonly capabilities: BrokerCapabilities = Object.freeze({ delivery: 'atMostOnce', whileDown: 'rejects' });
  readonly contentType = 'application/msgpack';
  readonly #hub: MemoryHub;
  readonly #subscriptions = new Set<MemorySubscription>();
  #isClosed = false;

  constructor(hub: MemoryHub) {
    this.#hub = hub;
  }

  async publish(
    topic: string,
    message: Message,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<void> {
    this.#assertUsable(options?.signal);
    this.#hub.publish(topic, message);
  }

  async subscribe(
    topic: string,
    handler: (delivery: Delivery) => Promise<void>,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    const range = { min: 1, max: 65_536, fallback: defaultMaxInFlight };
    const maxInFlight = checkedNumber('subscribe.maxInFlight', options.maxInFlight, range);
    this.#assertUsable(options.signal);
    const subscription = new MemorySubscription(this, topic, handler, maxInFlight);
    const leave = this.#hub.subscribe(topic, options.queue, subscription);
    this.#subscriptions.add(subscription);
    subscription.onEnd(() => {
      leave();
      this.#subscriptions.delete(subscription);
    });
    return subscription;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const subscription of [...this.#subscriptions]) await subscription.close();
  }

  #assertUsable(signal: AbortSignal | undefined): void {
    if (this.#isClosed)
      throw new ServiceError('FailedPrecondition', 'the memory broker was closed', { executed: 'no' });
    if (signal?.aborted === true) throw new ServiceError('Canceled', 'the call was aborted', { executed: 'no' });
    if (this.#hub.reaches(this)) return;
    throw new ServiceError('Unavailable', 'the memory broker is cut off from its hub', { executed: 'no' });
  }
}
