import assert from 'node:assert/strict';
import type { Broker, BrokerPublishOptions, Delivery, Message, SubscribeOptions, Subscription } from '@tenon/contract';
import { eventually, within } from '../eventually.js';
import { frozen } from '../frozen.js';
import type { CaseLimits } from '../suite.js';

/** A subscription that keeps what it receives. */
export class Inbox {
  readonly deliveries: Delivery[] = [];
  readonly #patienceMs: number;
  #subscription: Subscription | undefined;

  private constructor(limits: CaseLimits) {
    this.#patienceMs = limits.patienceMs;
  }

  /**
   * Subscribes, and resolves when the subscription stands.
   *
   * @param handle - runs for each delivery after it was kept. Default: nothing.
   */
  static async open(
    broker: Broker,
    topic: string,
    limits: CaseLimits,
    options: SubscribeOptions = {},
    handle: (delivery: Delivery) => Promise<void> = async () => {},
  ): Promise<Inbox> {
    const inbox = new Inbox(limits);
    const receive = (delivery: Delivery): Promise<void> => {
      inbox.deliveries.push(delivery);
      return handle(delivery);
    };
    const subscribing = broker.subscribe(topic, receive, frozen({ ...options }));
    inbox.#subscription = await within(subscribing, limits.patienceMs, `subscribing to ${topic}`);
    return inbox;
  }

  get subscription(): Subscription {
    assert.ok(this.#subscription !== undefined);
    return this.#subscription;
  }

  /** The ids of what was received, in order. */
  get ids(): readonly string[] {
    return this.deliveries.map(({ message }) => message.id);
  }

  /** Waits until some ids have been received, each at least once. */
  async has(...ids: readonly string[]): Promise<void> {
    await eventually(
      () => {
        const missing = ids.filter((id) => !this.ids.includes(id));
        assert.deepEqual(missing, [], `${missing.length} of ${ids.length} messages did not arrive`);
      },
      { withinMs: this.#patienceMs },
    );
  }
}

/** A message with a body of its own text. */
export function messageOf(id: string, fields: Partial<Message> = {}): Message {
  return frozen({
    id,
    timeMs: 1_767_225_600_123,
    contentType: 'text/plain',
    body: Buffer.from(`body of ${id}`),
    metadata: {},
    ...fields,
  });
}

/** Ids with a common stem: `m1`, `m2`, … */
export function idsFrom(stem: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${stem}${index + 1}`);
}

/** Publishes one message for each id, one after the other. */
export async function publishAll(
  broker: Broker,
  topic: string,
  ids: readonly string[],
  options?: BrokerPublishOptions,
): Promise<void> {
  for (const id of ids) await broker.publish(topic, messageOf(id), options);
}
