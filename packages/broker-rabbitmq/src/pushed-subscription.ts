import { type Clock, type Delivery, type Logger, ServiceError, type Subscription } from '@tenon/contract';
import { DeliveryPool, DropLog } from '@tenon/contract/authoring';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { ConsumerLine } from './consumer-line.js';
import { bindingKey } from './layout.js';
import { type Unpacked, unpack } from './message-form.js';

/** What one subscription at most once is made of. */
export interface PushedSettings {
  readonly topic: string;
  readonly exchange: string;
  /** `''`: one of the server's naming, for us alone. */
  readonly queue: string;
  readonly handler: (delivery: Delivery) => Promise<void>;
  readonly maxInFlight: number;
  readonly maxWaitingMessages: number;
  readonly maxWaitingBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called once, as soon as it drains or closes. */
  readonly onEnd: (subscription: PushedSubscription) => void;
}

/**
 * One subscription at most once, over however many connections it lives. Nothing is acknowledged, so the server sends all that comes; it
 * waits here for a handler, within bounds: a topic whose handlers cannot follow loses its newest messages, each counted.
 */
export class PushedSubscription implements Subscription {
  readonly #settings: PushedSettings;
  readonly #line: ConsumerLine;
  readonly #pool: DeliveryPool;
  readonly #overflow: DropLog;
  readonly #malformed: DropLog;
  #isClosed = false;
  #hasEnded = false;
  #drained: Promise<void> | undefined;

  constructor(settings: PushedSettings) {
    const { logger, clock, topic } = settings;
    this.#settings = settings;
    this.#pool = new DeliveryPool(settings);
    this.#overflow = new DropLog(logger, clock, 'messages dropped: handlers are slower than their topic');
    this.#malformed = new DropLog(logger, clock, 'messages dropped: they are malformed');
    this.#line = new ConsumerLine({
      topic,
      prepare: (channel) => this.#prepare(channel),
      prefetch: undefined,
      receive: (message) => this.#receive(message),
      clock,
      logger,
    });
  }

  get topic(): string {
    return this.#settings.topic;
  }

  /** How many messages were dropped because too many waited. */
  get overflowed(): number {
    return this.#overflow.count;
  }

  /** How many messages were dropped because they were malformed. */
  get malformed(): number {
    return this.#malformed.count;
  }

  standing(): Promise<void> {
    return this.#line.standing();
  }

  attach(connection: ChannelModel): void {
    this.#line.attach(connection);
  }

  detach(): void {
    this.#line.detach();
  }

  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#end();
    this.#pool.clear();
    await this.#line.close();
  }

  async #drain(): Promise<void> {
    this.#end();
    await this.#line.cancel();
    await this.#line.close();
    await this.#pool.idle();
    this.#overflow.end();
    this.#malformed.end();
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#settings.onEnd(this);
    this.#overflow.end();
    this.#malformed.end();
  }

  /** As go-micro's: neither durable nor there after its last subscriber. */
  async #prepare(channel: Channel): Promise<string> {
    const { queue: wanted, exchange, topic } = this.#settings;
    const exclusive = wanted === '';
    const { queue } = await channel.assertQueue(wanted, { durable: false, autoDelete: true, exclusive });
    await channel.bindQueue(queue, exchange, bindingKey(topic));
    return queue;
  }

  #receive(received: ConsumeMessage): void {
    if (this.#isClosed) return;
    const bytes = received.content.length;
    if (this.#pool.isFull(bytes)) {
      this.#overflow.add();
      return;
    }
    let unpacked: Unpacked;
    try {
      unpacked = unpack(received, this.#settings.clock.wallTime());
    } catch (failure) {
      this.#malformed.add({ reason: ServiceError.from(failure).rawMessage });
      return;
    }
    this.#pool.run({ ...unpacked, attempt: 1 }, bytes);
  }
}
