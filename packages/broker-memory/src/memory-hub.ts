import type { Broker, Clock, Message, StartFrom } from '@tenon/contract';
import { checkedNumber, systemClock, TopicTable } from '@tenon/contract/authoring';
import { KeptQueue, type KeptQueueOptions, type Taker } from './kept-queue.js';
import { MemoryDeadLetters } from './memory-dead-letters.js';
import { copyOf } from './message-copy.js';
import { MessageLog } from './message-log.js';

/** How a hub is made. All fields are optional. */
export interface MemoryHubOptions {
  /** How many messages are kept for subscriptions that begin with earlier ones. Range 0 to 1,000,000, default 1,000. */
  readonly keptMessages?: number | undefined;
  /** How many messages a queue holds that nobody has acknowledged; then publishing rejects. Range 1 to 10,000,000, default 100,000. */
  readonly maxUnhandled?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * The back end of memory brokers: what a NATS server is to the NATS broker. Brokers of one process that share a hub reach
 * each other's subscribers.
 *
 * Tests use `cut` and `heal` to make it fail; everything else is for the brokers.
 */
export class MemoryHub {
  readonly #receivers = new TopicTable<Receiver>();
  readonly #turns = new Map<string, number>();
  /** By pattern and queue; those without a queue are their subscription's own. */
  readonly #queues = new Map<string, KeptQueue>();
  readonly #plain = new Set<KeptQueue>();
  readonly #log: MessageLog;
  readonly #maxUnhandled: number;
  readonly #clock: Clock;
  readonly deadLetters: MemoryDeadLetters;
  readonly #cutOff = new WeakSet<Broker>();
  #isDown = false;

  constructor(options: MemoryHubOptions = {}) {
    const { keptMessages, maxUnhandled, clock = systemClock() } = options;
    this.#log = new MessageLog(
      checkedNumber('MemoryHub.keptMessages', keptMessages, { min: 0, max: 1_000_000, fallback: 1_000 }),
    );
    this.#maxUnhandled = checkedNumber('MemoryHub.maxUnhandled', maxUnhandled, {
      min: 1,
      max: 10_000_000,
      fallback: 100_000,
    });
    this.#clock = clock;
    this.deadLetters = new MemoryDeadLetters((topic, message) => this.publish(topic, message));
  }

  /** Takes the hub away from one broker (a partition, or a process that stopped), or from all of them. */
  cut(broker?: Broker): void {
    if (broker === undefined) this.#isDown = true;
    else this.#cutOff.add(broker);
  }

  /** Undoes `cut` with the same argument: a broker that was cut off by name stays so when the whole hub comes back. */
  heal(broker?: Broker): void {
    if (broker === undefined) this.#isDown = false;
    else this.#cutOff.delete(broker);
    for (const queue of [...this.#queues.values(), ...this.#plain]) queue.pump();
  }

  /** Whether a broker can use the hub now. */
  reaches(broker: Broker): boolean {
    return !this.#isDown && !this.#cutOff.has(broker);
  }

  /**
   * Hands a message to every receiver without a queue and to the next one of each queue; those cut off miss it. Every kept queue
   * keeps it.
   *
   * @throws ServiceError `ResourceExhausted` where a queue keeps too many: nobody gets it then.
   */
  publish(topic: string, message: Message): void {
    const kept = [...this.#queues.values(), ...this.#plain].filter((queue) => queue.wants(topic));
    for (const queue of kept) queue.assertRoom();
    const logged = this.#log.add(topic, copyOf(message));
    this.deadLetters.keep(logged);
    for (const queue of kept) queue.add(logged);
    const queued = new Map<string, Receiver[]>();
    for (const receiver of this.#receivers.matching(topic)) {
      if (!this.reaches(receiver.broker)) continue;
      if (receiver.queue === undefined) receiver.receive(topic, message);
      else queued.set(receiver.queue, [...(queued.get(receiver.queue) ?? []), receiver]);
    }
    for (const [queue, members] of queued) this.#nextOf(topic, queue, members).receive(topic, message);
  }

  /** Adds a receiver at most once, until the returned function is called. */
  subscribe(pattern: string, receiver: Receiver): () => void {
    this.#receivers.add(pattern, receiver);
    return () => this.#receivers.delete(pattern, receiver);
  }

  /** Adds a taker at least once, until it leaves. A queue stays when its last taker has gone. */
  keep(terms: KeptTerms, taker: Taker): KeptPlace {
    const { topic, queue, startFrom } = terms;
    const key = JSON.stringify([topic, queue]);
    const known = queue === undefined ? undefined : this.#queues.get(key);
    const kept = known ?? this.#newQueue(terms);
    if (queue === undefined) this.#plain.add(kept);
    else this.#queues.set(key, kept);
    if (known === undefined)
      for (const logged of this.#log.from(startFrom)) if (kept.wants(logged.topic)) kept.add(logged);
    kept.join(taker);
    return {
      freed: () => kept.pump(),
      leave: () => {
        kept.leave(taker);
        if (queue !== undefined) return;
        this.#plain.delete(kept);
        kept.end();
      },
    };
  }

  #newQueue({ topic, ackWaitMs, ordered }: KeptTerms): KeptQueue {
    const options: KeptQueueOptions = {
      pattern: topic,
      ackWaitMs,
      ordered,
      limit: this.#maxUnhandled,
      clock: this.#clock,
    };
    return new KeptQueue(options);
  }

  /** Round robin over the members that can be reached. */
  #nextOf(topic: string, queue: string, members: readonly Receiver[]): Receiver {
    const key = `${queue} ${topic}`;
    const turn = this.#turns.get(key) ?? 0;
    this.#turns.set(key, (turn + 1) % 0x4000_0000);
    return members[turn % members.length] as Receiver;
  }
}

/** What a kept queue is made of; its first subscription decides. */
export interface KeptTerms {
  readonly topic: string;
  readonly queue: string | undefined;
  readonly ackWaitMs: number;
  readonly ordered: boolean;
  readonly startFrom: StartFrom;
}

/** A taker's place at its queue. */
export interface KeptPlace {
  /** It can take more. */
  freed(): void;
  leave(): void;
}

/** One subscription at most once, as the hub sees it. */
export interface Receiver {
  readonly broker: Broker;
  readonly queue: string | undefined;
  /** Must copy what it keeps, and must not run the handler before it returns. */
  receive(topic: string, message: Message): void;
}
