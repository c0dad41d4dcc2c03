import type { Clock, Delivery } from '@tenon/contract';
import type { ChannelModel } from 'amqplib';
import { retryLevelMs, retryQueue, retryQueueOptions } from './layout.js';
import { pack } from './message-form.js';
import type { Outbox } from './outbox.js';
import { rabbitmqError } from './rabbitmq-error.js';

/**
 * Where messages wait that were handed back: RabbitMQ itself has no delay. A copy goes into a queue whose messages expire, and what
 * expires there goes back to the queue that it came from, past all exchanges, so that no other subscriber gets it again.
 *
 * Nothing is put into a queue that was made a moment ago: RabbitMQ confirms a message that is on disk, but notes only every half second
 * which new quorum queues there are. A server that is killed in between has lost the queue with all that it confirmed (seen with 3.10.8).
 */
export class RetryQueues {
  readonly #outbox: Outbox;
  readonly #connection: () => Promise<ChannelModel>;
  readonly #clock: Clock;
  /** When each was declared on the connection of now. */
  #declared = new Map<string, Promise<number>>();
  readonly #pauses = new Set<() => void>();

  constructor(outbox: Outbox, connection: () => Promise<ChannelModel>, clock: Clock) {
    this.#outbox = outbox;
    this.#connection = connection;
    this.#clock = clock;
  }

  /** Forgets what was known: with another connection comes, maybe, another server. */
  reset(): void {
    this.#declared = new Map();
    for (const end of [...this.#pauses]) end();
  }

  /**
   * Resolves with true when the copy is kept: then the message itself may be acknowledged; with false where the delay is over before its
   * queue is safe. Rejects where it could not be kept.
   */
  async put(queue: string, { topic, message, attempt }: Delivery, delayMs: number): Promise<boolean> {
    const dueAt = this.#clock.now() + delayMs;
    const name = retryQueue(queue, retryLevelMs(delayMs));
    const safeAt = (await this.#declare(name, queue)) + settlingMs;
    if (safeAt >= dueAt) return false;
    await this.#until(safeAt);
    try {
      await this.#outbox.publish({
        exchange: '',
        routingKey: name,
        packet: pack(topic, message, attempt),
        persistent: true,
        mandatory: true,
        expirationMs: Math.max(1, Math.round(dueAt - this.#clock.now())),
      });
      return true;
    } catch (thrown) {
      this.#declared.delete(name);
      throw thrown;
    }
  }

  #until(time: number): Promise<void> {
    const leftMs = time - this.#clock.now();
    if (leftMs <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.#pauses.delete(end);
        resolve();
      };
      const cancel = this.#clock.after(leftMs, end);
      this.#pauses.add(end);
    });
  }

  #declare(name: string, queue: string): Promise<number> {
    const known = this.#declared.get(name);
    if (known !== undefined) return known;
    const declaring = this.#make(name, queue);
    this.#declared.set(name, declaring);
    declaring.catch(() => this.#declared.delete(name));
    return declaring;
  }

  async #make(name: string, queue: string): Promise<number> {
    try {
      const channel = await (await this.#connection()).createChannel();
      channel.on('error', () => {});
      await channel.assertQueue(name, retryQueueOptions(queue));
      await channel.close();
      return this.#clock.now();
    } catch (thrown) {
      throw rabbitmqError(thrown, `the retry queue ${name} cannot be declared`, { executed: 'no' });
    }
  }
}

/** Twice what RabbitMQ takes. */
const settlingMs = 1_000;
