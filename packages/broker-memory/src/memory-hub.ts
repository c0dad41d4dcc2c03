import type { Broker, Message } from '@tenon/contract';

/**
 * The back end of memory brokers: what a NATS server is to the NATS broker. Brokers of one process that share a hub reach
 * each other's subscribers.
 *
 * Tests use `cut` and `heal` to make it fail; everything else is for the brokers.
 */
export class MemoryHub {
  readonly #topics = new Map<string, Topic>();
  readonly #cutOff = new WeakSet<Broker>();
  #isDown = false;

  /** Takes the hub away from one broker (a partition, or a process that stopped), or from all of them. */
  cut(broker?: Broker): void {
    if (broker === undefined) this.#isDown = true;
    else this.#cutOff.add(broker);
  }

  /** Undoes `cut` with the same argument: a broker that was cut off by name stays so when the whole hub comes back. */
  heal(broker?: Broker): void {
    if (broker === undefined) this.#isDown = false;
    else this.#cutOff.delete(broker);
  }

  /** Whether a broker can use the hub now. */
  reaches(broker: Broker): boolean {
    return !this.#isDown && !this.#cutOff.has(broker);
  }

  /** Hands a message to every receiver without a queue and to the next one of each queue. Those cut off miss it. */
  publish(topic: string, message: Message): void {
    const entry = this.#topics.get(topic);
    if (entry === undefined) return;
    for (const receiver of [...entry.receivers]) if (this.reaches(receiver.broker)) receiver.receive(message);
    for (const queue of entry.queues.values()) this.#nextOf(queue)?.receive(message);
  }

  /** Adds a receiver, until the returned function is called. */
  subscribe(topic: string, queue: string | undefined, receiver: Receiver): () => void {
    const entry = this.#topics.get(topic) ?? { receivers: new Set<Receiver>(), queues: new Map<string, Queue>() };
    this.#topics.set(topic, entry);
    if (queue === undefined) entry.receivers.add(receiver);
    else this.#join(entry, queue, receiver);
    return () => {
      entry.receivers.delete(receiver);
      if (queue !== undefined) this.#leave(entry, queue, receiver);
      if (entry.receivers.size === 0 && entry.queues.size === 0) this.#topics.delete(topic);
    };
  }

  #join(entry: Topic, name: string, receiver: Receiver): void {
    const queue = entry.queues.get(name);
    if (queue === undefined) entry.queues.set(name, { members: [receiver], turn: 0 });
    else queue.members = [...queue.members, receiver];
  }

  #leave(entry: Topic, name: string, receiver: Receiver): void {
    const queue = entry.queues.get(name);
    if (queue === undefined) return;
    queue.members = queue.members.filter((member) => member !== receiver);
    if (queue.members.length === 0) entry.queues.delete(name);
  }

  /** Round robin over the members that can be reached. */
  #nextOf(queue: Queue): Receiver | undefined {
    const members = queue.members.filter(({ broker }) => this.reaches(broker));
    const turn = queue.turn++;
    return members[turn % members.length];
  }
}

/** One subscription, as the hub sees it. */
export interface Receiver {
  readonly broker: Broker;
  /** Must copy what it keeps, and must not run the handler before it returns. */
  receive(message: Message): void;
}

interface Topic {
  readonly receivers: Set<Receiver>;
  readonly queues: Map<string, Queue>;
}

interface Queue {
  members: readonly Receiver[];
  turn: number;
}
