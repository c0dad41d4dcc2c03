import {
  type Broker,
  type BrokerCapabilities,
  type BrokerPublishOptions,
  type Clock,
  checkedTopic,
  type Delivery,
  type LevelCapabilities,
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
import { rabbitmqDial, type Session } from './dial.js';
import { KeptSubscription } from './kept-subscription.js';
import { keptQueue, pushedQueue, routingKey } from './layout.js';
import { defaultContentType, pack } from './message-form.js';
import { Outbox } from './outbox.js';
import { PushedSubscription } from './pushed-subscription.js';
import { RabbitmqDeadLetters } from './rabbitmq-dead-letters.js';
import type { RabbitmqServerAddress, ResolvedRabbitmqOptions } from './rabbitmq-options.js';
import { RetryQueues } from './retry-queues.js';

/** A {@link Broker} over RabbitMQ. */
export class RabbitmqBroker implements Broker, Lifecycle {
  readonly capabilities: BrokerCapabilities;
  readonly contentType = defaultContentType;
  readonly deadLetters: RabbitmqDeadLetters;
  readonly #options: ResolvedRabbitmqOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #link: ServerLink<Session, RabbitmqServerAddress>;
  /** What is published at most once. */
  readonly #written: Outbox;
  /** What is published at least once, and what is put off or given up. */
  readonly #confirmed: Outbox;
  readonly #retries: RetryQueues;
  readonly #subscriptions = new Set<PushedSubscription | KeptSubscription>();
  readonly #closing = new AbortController();
  #isBlocked = false;
  #isDraining = false;
  #closed: Promise<void> | undefined;

  constructor(options: ResolvedRabbitmqOptions, logger: Logger, clock: Clock) {
    this.#options = options;
    this.#logger = logger.child({ broker: 'rabbitmq' });
    this.#clock = clock;
    this.capabilities = Object.freeze({ delivery: options.delivery, levels });
    const parts = { limits: options, clock, logger: this.#logger };
    this.#written = new Outbox({ ...parts, resolves: 'written' });
    this.#confirmed = new Outbox({ ...parts, resolves: 'confirmed' });
    this.#retries = new RetryQueues(this.#confirmed, async () => (await this.#session(undefined)).publishing, clock);
    this.deadLetters = new RabbitmqDeadLetters({
      layout: options,
      connection: async (signal) => (await this.#session(signal)).consuming,
      publish: (topic, message) => this.#keep(topic, message, { isMandatory: false }),
      patienceMs: Math.min(options.maxPendingMs, 60_000),
      clock,
    });
    const dial = rabbitmqDial(options, this.#logger, clock);
    this.#link = new ServerLink({
      name: 'RabbitMQ',
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
    if (this.#closed !== undefined) {
      return new ServiceError('FailedPrecondition', 'the RabbitMQ broker was closed', { executed: 'no' });
    }
    if (!this.isConnected) {
      return new ServiceError('Unavailable', 'there is no connection to RabbitMQ', { executed: 'no' });
    }
    if (!this.#isBlocked) return undefined;
    const message = 'RabbitMQ is short of memory or disk and takes no messages';
    return new ServiceError('Unavailable', message, { executed: 'no' });
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
    checkedTopic(topic);
    if (delivery === 'atLeastOnce') {
      await this.#keep(topic, message, { isMandatory: false, signal: options.signal });
      return;
    }
    const packet = pack(topic, message);
    const { exchange } = this.#options;
    const parcel = { exchange, routingKey: routingKey(topic), packet, persistent: false };
    await this.#written.publish(parcel, options.signal);
  }

  async subscribe(
    topic: string,
    handler: (delivery: Delivery) => Promise<void>,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    this.#assertUsable(options.signal);
    const terms = this.#termsOf(topic, options);
    this.#assertStarted();
    if (this.#isDraining)
      throw new ServiceError('FailedPrecondition', 'the RabbitMQ broker drains', { executed: 'no' });
    const isKept = terms.delivery === 'atLeastOnce';
    const subscription = isKept ? this.#kept(terms, handler) : this.#pushed(terms, handler);
    this.#subscriptions.add(subscription);
    try {
      const standing = subscription.standing();
      const { session } = this.#link;
      if (session !== undefined) subscription.attach(session.consuming);
      await untilAborted(standing, anyOf(options.signal, this.#closing.signal));
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
      Promise.all([this.#written.flushed(), this.#confirmed.flushed()]),
    );
    await untilAborted(finished, signal).catch((failure: unknown) => {
      if (!signal.aborted) throw failure;
      const unpublishedBytes = this.#written.pendingBytes + this.#confirmed.pendingBytes;
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
    this.#written.close();
    this.#confirmed.close();
    // Publishing resolved for what was written: it must not be lost by closing the socket under it.
    await this.#flushed();
    await this.#link.close();
    this.#written.disconnected();
    this.#confirmed.disconnected();
    this.#retries.reset();
  }

  async #flushed(): Promise<void> {
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#clock.after(closingFlushMs, resolve);
    });
    await Promise.race([this.#written.flushed(), late]);
    cancel();
  }

  readonly #up = ({ publishing, consuming }: Session, isAgain: boolean): void => {
    this.#watchBlocking(publishing);
    this.#retries.reset();
    for (const subscription of this.#subscriptions) subscription.attach(consuming);
    this.#confirmed.connected(publishing, 0);
    this.#written.connected(publishing, isAgain ? this.#options.rejoinMs : 0);
  };

  readonly #down = (): void => {
    this.#isBlocked = false;
    for (const subscription of this.#subscriptions) subscription.detach();
    this.#confirmed.disconnected();
    this.#retries.reset();
    const messages = this.#written.disconnected();
    if (messages === 0) return;
    this.#logger.warn('messages were written just before the connection was lost; they may not have arrived', {
      messages,
    });
  };

  #watchBlocking(publishing: Session['publishing']): void {
    this.#isBlocked = false;
    publishing.on('blocked', (reason: string) => {
      this.#isBlocked = true;
      this.#logger.warn('RabbitMQ takes no messages; publishing waits', { reason });
    });
    publishing.on('unblocked', () => {
      this.#isBlocked = false;
      this.#logger.info('RabbitMQ takes messages again');
    });
  }

  async #keep(
    topic: string,
    message: Message,
    { isMandatory, signal }: { readonly isMandatory: boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<void> {
    const packet = pack(topic, message);
    const parcel = { exchange: this.#options.durableExchange, routingKey: routingKey(topic), packet, persistent: true };
    await this.#confirmed.publish({ ...parcel, mandatory: isMandatory }, signal);
  }

  /** Only where there is a queue that keeps it: an exchange would take it and let it fall. */
  async #bury(topic: string, message: Message): Promise<void> {
    await this.#keepDeadLetters(topic);
    await this.#keep(topic, message, { isMandatory: true });
  }

  async #keepDeadLetters(topic: string): Promise<void> {
    await this.deadLetters.keep(topic, (await this.#session(undefined)).publishing);
  }

  #kept(terms: SubscriptionTerms, handler: (delivery: Delivery) => Promise<void>): KeptSubscription {
    const { topic, queue } = terms;
    return new KeptSubscription({
      terms,
      handler,
      bury: (buried, message) => this.#bury(buried, message),
      queue: keptQueue(topic, queue, this.#options),
      exchange: this.#options.durableExchange,
      keepDeadLetters: (buried) => this.#keepDeadLetters(buried),
      retryLater: (name, delivery, delayMs) => this.#retries.put(name, delivery, delayMs),
      clock: this.#clock,
      logger: this.#logger.child({ topic, queue }),
      onEnd: (ended) => this.#subscriptions.delete(ended),
    });
  }

  #pushed(
    { topic, queue, maxInFlight }: SubscriptionTerms,
    handler: (delivery: Delivery) => Promise<void>,
  ): PushedSubscription {
    const { exchange, maxWaitingMessages, maxWaitingBytes } = this.#options;
    return new PushedSubscription({
      topic,
      exchange,
      queue: pushedQueue(topic, queue, this.#options),
      handler,
      maxInFlight,
      maxWaitingMessages,
      maxWaitingBytes,
      clock: this.#clock,
      logger: this.#logger.child({ topic }),
      onEnd: (ended) => this.#subscriptions.delete(ended),
    });
  }

  #termsOf(topic: string, options: SubscribeOptions): SubscriptionTerms {
    routingKey(topic);
    return subscriptionTerms(topic, options, this.capabilities);
  }

  /** The session of now, or the next, within the time that a message may wait. */
  async #session(signal: AbortSignal | undefined): Promise<Session> {
    this.#assertUsable(signal);
    try {
      return await this.#link.connectedWithin(this.#options.maxPendingMs, signal);
    } catch (failure) {
      this.#assertUsable(signal);
      throw failure;
    }
  }

  #assertUsable(signal: AbortSignal | undefined): void {
    if (this.#closed !== undefined) {
      throw new ServiceError('FailedPrecondition', 'the RabbitMQ broker was closed', { executed: 'no' });
    }
    throwIfAborted(signal);
  }

  #assertStarted(): void {
    if (this.#link.isStarted) return;
    throw new ServiceError('Unavailable', 'the RabbitMQ broker is not connected yet: it has not been started', {
      executed: 'no',
    });
  }
}

function anyOf(given: AbortSignal | undefined, own: AbortSignal): AbortSignal {
  return given === undefined ? own : AbortSignal.any([given, own]);
}

/** A queue begins with what is published after it was made. */
const atMostOnce = Object.freeze<LevelCapabilities>({
  whileDown: 'buffers',
  patterns: true,
  replays: false,
  outlives: 'nothing',
});
const atLeastOnce = Object.freeze<LevelCapabilities>({ ...atMostOnce, outlives: 'broker' });
const levels: BrokerCapabilities['levels'] = Object.freeze({ atMostOnce, atLeastOnce });
/** A server that is alive answers in a round trip; one that is not must not hold up a shutdown. */
const closingFlushMs = 1_000;
