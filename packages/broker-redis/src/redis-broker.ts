import {
  type Broker,
  type BrokerCapabilities,
  type BrokerPublishOptions,
  type Clock,
  checkedTopic,
  type DeadLetters,
  type Delivery,
  type DeliveryLevel,
  type Lifecycle,
  type Logger,
  type Message,
  ServiceError,
  type SubscribeOptions,
  type Subscription,
} from '@tenon/contract';
import {
  checkedLevel,
  ServerLink,
  type SubscriptionTerms,
  subscriptionTerms,
  throwIfAborted,
  untilAborted,
} from '@tenon/contract/authoring';
import { capabilitiesOf } from './capabilities.js';
import { ChannelSubscription } from './channels/channel-subscription.js';
import { Channels } from './channels/channels.js';
import { checkDurability } from './link/check-durability.js';
import { redisDial } from './link/dial.js';
import type { Session } from './link/session.js';
import { Outbox } from './outbox.js';
import type { ResolvedRedisOptions } from './redis-options.js';
import { type Packet, publish } from './scripts/publish.js';
import { AcknowledgedSubscription } from './streams/acknowledged-subscription.js';
import { publishId } from './streams/publish-id.js';
import { RedisDeadLetters } from './streams/redis-dead-letters.js';
import { Keyspace } from './wire/keyspace.js';
import { packRecord } from './wire/record.js';

/** A {@link Broker} over Redis. */
export class RedisBroker implements Broker, Lifecycle {
  readonly capabilities: BrokerCapabilities;
  readonly contentType = 'application/msgpack';
  readonly deadLetters: DeadLetters;
  readonly #options: ResolvedRedisOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #keys: Keyspace;
  readonly #link: ServerLink<Session, string>;
  readonly #channels: Channels;
  readonly #outboxes: Readonly<Record<DeliveryLevel, Outbox>>;
  readonly #subscriptions = new Set<ChannelSubscription | AcknowledgedSubscription>();
  readonly #closing = new AbortController();
  #isDraining = false;
  #closed: Promise<void> | undefined;

  constructor(options: ResolvedRedisOptions, logger: Logger, clock: Clock) {
    this.#options = options;
    this.#logger = logger.child({ broker: 'redis' });
    this.#clock = clock;
    this.capabilities = capabilitiesOf(options);
    this.#keys = new Keyspace(options.prefix, options.db);
    this.#channels = new Channels(this.#logger);
    const { maxPendingBytes, maxPendingMs } = options;
    this.#outboxes = {
      atMostOnce: new Outbox({ maxPendingBytes, maxPendingMs, repeats: false }, clock),
      atLeastOnce: new Outbox({ maxPendingBytes, maxPendingMs, repeats: true }, clock),
    };
    this.deadLetters = new RedisDeadLetters({
      session: (signal) => this.#sessionInTime(signal),
      keys: this.#keys,
      publish: (topic, message) => this.#publish('atLeastOnce', topic, message, undefined),
    });
    const dial = redisDial(options, this.#logger, clock);
    this.#link = new ServerLink({
      name: 'Redis',
      settings: options,
      dial,
      listener: { up: this.#up, down: this.#down },
      logger: this.#logger,
      clock,
    });
  }

  /** Whether there is a connection now. */
  get isConnected(): boolean {
    return this.#link.session !== undefined;
  }

  get trouble(): ServiceError | undefined {
    if (this.#closed !== undefined) return closedError();
    if (this.isConnected) return undefined;
    return new ServiceError('Unavailable', 'there is no connection to Redis', { executed: 'no' });
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#assertUsable(signal);
    await this.#link.start(signal).catch((failure: unknown) => {
      this.#assertUsable(undefined);
      throw failure;
    });
  }

  async publish(topic: string, message: Message, options: BrokerPublishOptions = {}): Promise<void> {
    this.#assertUsable(options.signal);
    this.#assertStarted();
    const [delivery] = checkedLevel(options.delivery, this.capabilities);
    await this.#publish(delivery, checkedTopic(topic), message, options.signal);
  }

  async subscribe(
    topic: string,
    handler: (delivery: Delivery) => Promise<void>,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    this.#assertUsable(options.signal);
    const terms = subscriptionTerms(topic, options, this.capabilities);
    this.#assertStarted();
    if (this.#isDraining) throw new ServiceError('FailedPrecondition', 'the Redis broker drains', { executed: 'no' });
    const subscription = this.#subscriptionOf(terms, handler);
    this.#subscriptions.add(subscription);
    const { signal } = options;
    try {
      const given = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
      await this.#standing(subscription, given);
      return subscription;
    } catch (failure) {
      await subscription.close();
      this.#assertUsable(undefined);
      throw failure;
    }
  }

  /** Drains every subscription, then waits until the server has what was published. Publishing goes on meanwhile. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#isDraining = true;
    const finished = Promise.all([...this.#subscriptions].map((subscription) => subscription.drain())).then(() =>
      this.#flushed(),
    );
    await untilAborted(finished, signal).catch((failure: unknown) => {
      if (!signal.aborted) throw failure;
      const { atMostOnce, atLeastOnce } = this.#outboxes;
      const unpublishedBytes = atMostOnce.pendingBytes + atLeastOnce.pendingBytes;
      this.#logger.warn('draining was cut short: messages are lost', { unpublishedBytes });
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    for (const outbox of Object.values(this.#outboxes)) outbox.close();
    await this.#link.close();
  }

  async #flushed(): Promise<void> {
    await Promise.all(Object.values(this.#outboxes).map((outbox) => outbox.flushed()));
  }

  readonly #up = (session: Session, isAgain: boolean): void => {
    const send = (packet: Packet): Promise<void> => publish(session, this.#keys, packet, this.#options.streams);
    this.#channels.connected(session);
    for (const subscription of this.#subscriptions) subscription.attach(session);
    this.#outboxes.atLeastOnce.connected(send, 0);
    this.#outboxes.atMostOnce.connected(send, isAgain ? this.#options.rejoinMs : 0);
    if (this.#options.outlives === 'broker') void checkDurability(session, this.#logger);
  };

  readonly #down = (): void => {
    this.#channels.disconnected();
    for (const outbox of Object.values(this.#outboxes)) outbox.disconnected();
  };

  async #publish(
    delivery: DeliveryLevel,
    topic: string,
    message: Message,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const record = packRecord(message);
    const bytes = record.length + topic.length;
    const { maxMessageBytes } = this.#options;
    if (bytes > maxMessageBytes) {
      const text = `the message has ${bytes} bytes with its envelope; redisBroker.maxMessageBytes is ${maxMessageBytes}`;
      throw new ServiceError('ResourceExhausted', text, { executed: 'no' });
    }
    const id = delivery === 'atLeastOnce' ? publishId(topic, message) : undefined;
    await this.#outboxes[delivery].publish({ topic, record, id, bytes }, signal);
  }

  #subscriptionOf(
    terms: SubscriptionTerms,
    handler: (delivery: Delivery) => Promise<void>,
  ): ChannelSubscription | AcknowledgedSubscription {
    const { topic, queue, maxInFlight } = terms;
    const parts = {
      handler,
      keys: this.#keys,
      channels: this.#channels,
      clock: this.#clock,
      logger: this.#logger.child({ topic, queue }),
      onEnd: (ended: ChannelSubscription | AcknowledgedSubscription) => void this.#subscriptions.delete(ended),
    };
    if (terms.delivery === 'atMostOnce') {
      const { maxWaitingMessages, maxWaitingBytes } = this.#options;
      return new ChannelSubscription({ ...parts, topic, queue, maxInFlight, maxWaitingMessages, maxWaitingBytes });
    }
    const bury = (deadLetter: string, message: Message): Promise<void> =>
      this.#publish('atLeastOnce', deadLetter, message, undefined);
    return new AcknowledgedSubscription({ ...parts, terms, bury, name: this.#options.name });
  }

  /** Resolves when the server knows the subscription, over as many connections as that takes. */
  async #standing(subscription: ChannelSubscription | AcknowledgedSubscription, signal: AbortSignal): Promise<void> {
    if (subscription instanceof AcknowledgedSubscription) {
      const standing = subscription.standing();
      const { session } = this.#link;
      if (session !== undefined) subscription.attach(session);
      return untilAborted(standing, signal);
    }
    for (;;) {
      const session = await this.#link.connected(signal);
      try {
        await untilAborted(subscription.begin(session), signal);
        return;
      } catch (failure) {
        // Lost meanwhile: it is asked for again over the next.
        if (session.isOpen || signal.aborted) throw failure;
        await session.ended;
      }
    }
  }

  /** A session for as long as a message may wait to be published. */
  async #sessionInTime(signal: AbortSignal | undefined): Promise<Session> {
    this.#assertUsable(signal);
    this.#assertStarted();
    try {
      return await this.#link.connectedWithin(this.#options.maxPendingMs, signal);
    } catch (failure) {
      this.#assertUsable(signal);
      throw failure;
    }
  }

  #assertUsable(signal: AbortSignal | undefined): void {
    if (this.#closed !== undefined) throw closedError();
    throwIfAborted(signal);
  }

  #assertStarted(): void {
    if (this.#link.isStarted) return;
    throw new ServiceError('Unavailable', 'the Redis broker is not connected yet: it has not been started', {
      executed: 'no',
    });
  }
}

function closedError(): ServiceError {
  return new ServiceError('FailedPrecondition', 'the Redis broker was closed', { executed: 'no' });
}
