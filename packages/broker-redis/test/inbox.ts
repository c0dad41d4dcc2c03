import { eventually } from '@tenon/conformance';
import type { Broker, Delivery, Message, Subscription } from '@tenon/contract';
import { expect } from 'vitest';

/** A subscription that keeps what it receives. */
export class Inbox {
  readonly deliveries: Delivery[] = [];

  /** Subscribes, and resolves when the subscription stands. */
  static async open(broker: Broker, topic: string): Promise<Inbox> {
    const inbox = new Inbox();
    await broker.subscribe(topic, async (delivery) => void inbox.deliveries.push(delivery));
    return inbox;
  }

  /** The ids of what was received, in order. */
  get ids(): readonly string[] {
    return this.deliveries.map(({ message }) => message.id);
  }

  /** Waits until some ids have been received, each at least once. */
  async has(...ids: readonly string[]): Promise<void> {
    await eventually(() => expect(this.ids).toEqual(expect.arrayContaining([...ids])), { withinMs: patienceMs });
  }
}

/** A subscription whose handlers wait until they are let go. */
export class HeldInbox {
  /** Ids of messages whose handlers run. */
  readonly entered: string[] = [];
  /** Ids of messages whose handlers have ended. */
  readonly handled: string[] = [];
  open: () => void = () => {};
  readonly #opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });

  readonly handle = async ({ message }: Delivery): Promise<void> => {
    this.entered.push(message.id);
    await this.#opened;
    this.handled.push(message.id);
  };
}

/** Resolves when what a client published before has come back to it, so that it can be said what did not. */
export async function passed(broker: Broker): Promise<void> {
  const fence = await Inbox.open(broker, 'fence');
  await broker.publish('fence', messageOf('end of the line'));
  await fence.has('end of the line');
}

/** A message with a body of its own text. */
export function messageOf(id: string, fields: Partial<Message> = {}): Message {
  return {
    id,
    timeMs: 1_767_225_600_123,
    contentType: 'text/plain',
    body: Buffer.from(`body of ${id}`),
    metadata: {},
    ...fields,
  };
}

/** The concrete class of a subscription, for what the seam does not show. */
export function of<T extends Subscription>(kind: new (...args: never[]) => T, subscription: Subscription): T {
  if (subscription instanceof kind) return subscription;
  throw new Error(`not a ${kind.name}`);
}

/** The bound of every wait by condition. */
export const patienceMs = 20_000;
