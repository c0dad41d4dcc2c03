import { type CancelTimer, type Clock, type Logger, ServiceError } from '@tenon/contract';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { rabbitmqError } from './rabbitmq-error.js';

/** What a line of messages is made of. */
export interface ConsumerLineParts {
  readonly topic: string;
  /** Declares the queue, binds it, and returns its name. */
  readonly prepare: (channel: Channel) => Promise<string>;
  /** How many messages may be unacknowledged; undefined: none is acknowledged. */
  readonly prefetch: number | undefined;
  /** Must not throw. Acknowledgements go to the channel that brought the message. */
  readonly receive: (message: ConsumeMessage, channel: Channel) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * One consumer with a channel of its own, over however many channels and connections it lives. A channel of its own, because the server
 * closes a channel for the fault of one.
 */
export class ConsumerLine {
  readonly #parts: ConsumerLineParts;
  #connection: ChannelModel | undefined;
  #channel: Channel | undefined;
  #tag: string | undefined;
  #cancelRetry: CancelTimer | undefined;
  #isOpen = true;
  #stood: (failure?: ServiceError) => void = () => {};

  constructor(parts: ConsumerLineParts) {
    this.#parts = parts;
  }

  /** Resolves when messages arrive from now on; rejects with what the server said of it. Called once, before `attach`. */
  standing(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stood = (failure) => {
        this.#stood = () => {};
        if (failure === undefined) resolve();
        else reject(failure);
      };
    });
  }

  /** Goes on over a new connection; the channel went with the one before. */
  attach(connection: ChannelModel): void {
    if (!this.#isOpen) return;
    this.#connection = connection;
    void this.#open(connection);
  }

  /** Waits for another connection. */
  detach(): void {
    this.#connection = undefined;
    this.#cancelRetry?.();
  }

  /** Takes no further messages. Resolves when the server has sent the last, or is gone, or does not answer. */
  async cancel(): Promise<void> {
    this.#isOpen = false;
    this.#cancelRetry?.();
    const channel = this.#channel;
    const tag = this.#tag;
    this.#tag = undefined;
    if (channel === undefined || tag === undefined) return;
    await this.#orGone(channel, () => channel.cancel(tag));
  }

  /** Does something with the channel of now, and closes it. */
  async close(before: (channel: Channel) => Promise<unknown> = async () => {}): Promise<void> {
    this.#isOpen = false;
    this.#cancelRetry?.();
    const channel = this.#channel;
    this.#channel = undefined;
    if (channel === undefined) return;
    await this.#orGone(channel, async () => {
      await before(channel);
      await channel.close();
    });
  }

  async #open(connection: ChannelModel): Promise<void> {
    const { prepare, prefetch, topic } = this.#parts;
    let refusal: Error | undefined;
    let channel: Channel | undefined;
    try {
      channel = await this.#channelOf(connection, (error) => {
        refusal = error;
      });
      if (prefetch !== undefined) await channel.prefetch(prefetch);
      const queue = await prepare(channel);
      const { consumerTag } = await channel.consume(queue, this.#receiver(channel), {
        noAck: prefetch === undefined,
      });
      this.#tag = consumerTag;
      if (!this.#isOpen) await channel.close();
      else if (this.#channel === channel) this.#stood();
    } catch (thrown) {
      const error = rabbitmqError(refusal ?? thrown, `RabbitMQ refused the subscription to ${topic}`, {
        executed: 'no',
      });
      closeQuietly(channel);
      if (!this.#isOpen || this.#connection !== connection) return;
      if (error.code !== 'Unavailable') this.#stood(error);
      this.#again(connection, error);
    }
  }

  async #channelOf(connection: ChannelModel, onError: (error: Error) => void): Promise<Channel> {
    const channel = await connection.createChannel();
    let refusal: Error | undefined;
    channel.on('error', (error: Error) => {
      refusal = error;
      onError(error);
    });
    channel.on('close', () => {
      if (this.#channel !== channel) return;
      this.#channel = undefined;
      const wasStanding = this.#tag !== undefined;
      this.#tag = undefined;
      if (!this.#isOpen || !wasStanding) return;
      this.#again(connection, refusal === undefined ? undefined : rabbitmqError(refusal, 'RabbitMQ closed a channel'));
    });
    this.#channel = channel;
    return channel;
  }

  /** Null: the server has cancelled the consumer, as where somebody has deleted the queue. */
  #receiver(channel: Channel): (message: ConsumeMessage | null) => void {
    return (message) => {
      if (message === null) closeQuietly(channel);
      else this.#parts.receive(message, channel);
    };
  }

  /** A connection that is gone brings another, which attaches. */
  #again(connection: ChannelModel, error: ServiceError | undefined): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#parts.clock.after(retryMs, () => {
      if (!this.#isOpen || this.#connection !== connection) return;
      this.#parts.logger.warn('RabbitMQ ended a subscription; it is made again', { error });
      void this.#open(connection);
    });
  }

  /** Waits for an answer that never comes where the channel goes first, or the server is deaf. */
  async #orGone(channel: Channel, work: () => Promise<unknown>): Promise<void> {
    let cancel = (): void => {};
    let gone = (): void => {};
    const given = new Promise<void>((resolve) => {
      gone = resolve;
      channel.once('close', resolve);
      cancel = this.#parts.clock.after(answerMs, resolve);
    });
    await Promise.race([attempted(work), given]);
    channel.removeListener('close', gone);
    cancel();
  }
}

/** Whatever becomes of it. */
async function attempted(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch {
    // The channel is closed, and with it all that was to be done with it.
  }
}

/** The client throws, or rejects, where it is closed already. */
function closeQuietly(channel: Channel | undefined): void {
  if (channel === undefined) return;
  try {
    channel.close().catch(() => {});
  } catch {
    // It is closed.
  }
}

const retryMs = 500;
/** A server that is alive answers in a round trip; one that is not must not hold up a shutdown. */
const answerMs = 2 * 1_000;
