import { type Delivery, ServiceError, type Subscription, Unprocessable } from '@tenon/contract';
import { type Settlement, Settler, type SettlingParts } from '@tenon/contract/authoring';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { ConsumerLine } from './consumer-line.js';
import { bindingKey, keptQueueOptions } from './layout.js';
import { asItCame, attemptOf, type Unpacked, unpack } from './message-form.js';

/** What one subscription at least once is made of. */
export interface KeptSettings extends SettlingParts {
  readonly queue: string;
  readonly exchange: string;
  /** Makes sure that the dead letters of a topic are kept. */
  readonly keepDeadLetters: (topic: string) => Promise<void>;
  /** Keeps a delivery elsewhere, to come back to our queue after a while. False, or a rejection, where it does not. */
  readonly retryLater: (queue: string, delivery: Delivery, delayMs: number) => Promise<boolean>;
  /** Called once, as soon as it drains or closes. */
  readonly onEnd: (subscription: KeptSubscription) => void;
}

/**
 * One subscription at least once, over however many connections it lives. The server hands out as many messages as there may be handlers
 * at once, so none waits here; what is not acknowledged when the channel ends goes to others, counted.
 */
export class KeptSubscription implements Subscription {
  readonly #settings: KeptSettings;
  readonly #settler: Settler;
  readonly #line: ConsumerLine;
  /** Messages in hand: their handlers run, or their way back is not sure yet. */
  #inHand = 0;
  /** Ends the waits of messages that are held back here. */
  readonly #held = new Set<() => void>();
  #isClosed = false;
  #idle: (() => void)[] = [];
  #drained: Promise<void> | undefined;

  constructor(settings: KeptSettings) {
    const { terms, clock, logger } = settings;
    this.#settings = settings;
    this.#settler = new Settler(settings);
    this.#line = new ConsumerLine({
      topic: terms.topic,
      prepare: (channel) => this.#prepare(channel),
      prefetch: terms.ordered ? 1 : Math.min(terms.maxInFlight, maxPrefetch),
      receive: (message, channel) => this.#receive(message, channel),
      clock,
      logger,
    });
  }

  get topic(): string {
    return this.#settings.terms.topic;
  }

  standing(): Promise<void> {
    return this.#line.standing();
  }

  attach(connection: ChannelModel): void {
    this.#line.attach(connection);
  }

  /** What was in hand over the lost connection goes to others. */
  detach(): void {
    this.#line.detach();
    this.#release();
  }

  drain(): Promise<void> {
    this.#drained ??= this.#end();
    return this.#drained;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    void this.drain();
    await this.#line.cancel();
  }

  async #end(): Promise<void> {
    this.#settings.onEnd(this);
    await this.#line.cancel();
    this.#release();
    if (this.#inHand > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#settler.close();
    // Nobody comes back to a queue that has no name to ask for.
    const { terms, queue } = this.#settings;
    await this.#line.close(async (channel) => {
      if (terms.queue === undefined) await channel.deleteQueue(queue);
    });
  }

  async #prepare(channel: Channel): Promise<string> {
    const { terms, queue, exchange, keepDeadLetters } = this.#settings;
    if (terms.deadLetter !== undefined) await keepDeadLetters(terms.deadLetter);
    await channel.assertQueue(queue, keptQueueOptions(terms.ordered, terms.queue === undefined));
    await channel.bindQueue(queue, exchange, bindingKey(terms.topic));
    return queue;
  }

  #receive(received: ConsumeMessage, channel: Channel): void {
    if (this.#isClosed) {
      tell(() => channel.reject(received, true));
      return;
    }
    this.#inHand += 1;
    void this.#handle(received, channel).finally(() => this.#done());
  }

  async #handle(received: ConsumeMessage, channel: Channel): Promise<void> {
    const now = this.#settings.clock.wallTime();
    const attempt = attemptOf(received);
    let unpacked: Unpacked;
    try {
      unpacked = unpack(received, now);
    } catch (thrown) {
      const delivery: Delivery = { ...asItCame(received, now), attempt };
      const reason = new Unprocessable(ServiceError.from(thrown).rawMessage, { cause: thrown });
      return this.#settler.refuse(delivery, this.#settlementOf(delivery, received, channel), reason);
    }
    const delivery: Delivery = { ...unpacked, attempt };
    await this.#settler.settle(delivery, this.#settlementOf(delivery, received, channel));
  }

  #settlementOf(delivery: Delivery, received: ConsumeMessage, channel: Channel): Settlement {
    return {
      ack: () => tell(() => channel.ack(received)),
      nack: (delayMs) => {
        this.#inHand += 1;
        void this.#giveBack(delivery, received, channel, delayMs).finally(() => this.#done());
      },
      // The server keeps a message for us for as long as the connection lives.
      working: () => {},
    };
  }

  /**
   * By way of a retry queue, where it holds up nobody. What must keep its place in the order, and what only we wait for, is held here and
   * then given back to the head of its queue; so is what could not be put into the retry queue.
   */
  async #giveBack(delivery: Delivery, received: ConsumeMessage, channel: Channel, delayMs: number): Promise<void> {
    const { terms, queue, retryLater, logger } = this.#settings;
    if (!terms.ordered && terms.queue !== undefined && delayMs > 0) {
      try {
        if (await retryLater(queue, delivery, delayMs)) {
          tell(() => channel.ack(received));
          return;
        }
      } catch (thrown) {
        logger.warn('a message cannot be put off elsewhere now; it is held here', {
          id: delivery.message.id,
          error: thrown,
        });
      }
    }
    await this.#hold(delayMs);
    tell(() => channel.reject(received, true));
  }

  #hold(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.#held.delete(end);
        resolve();
      };
      const cancel = this.#settings.clock.after(delayMs, end);
      this.#held.add(end);
    });
  }

  #release(): void {
    for (const end of [...this.#held]) end();
  }

  #done(): void {
    this.#inHand -= 1;
    if (this.#inHand === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** Over the channel that brought the message. Where it is closed, the message is somebody else's by now. */
function tell(word: () => void): void {
  try {
    word();
  } catch {
    // A lost word is a redelivery.
  }
}

/** As much as the protocol can say; none at all would be no bound. */
const maxPrefetch = 65_535;
