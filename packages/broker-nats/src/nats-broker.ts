import type { NatsConnection } from '@nats-io/transport-node';
import {
  type Broker,
  type BrokerCapabilities,
  type BrokerPublishOptions,
  type Clock,
  checkedTopic,
  type DeadLetters,
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
import { type NatsSession, natsDial, statusLog } from '@tenon/nats';
import type { Envelope } from './envelope.js';
import { GoMicroEnvelope } from './go-micro-envelope.js';
import { AckedOutbox } from './jetstream/acked-outbox.js';
import { AcknowledgedSubscription } from './jetstream/acknowledged-subscription.js';
import type { ResolvedJetStreamOptions } from './jetstream/jetstream-options.js';
import { NatsDeadLetters } from './jetstream/nats-dead-letters.js';
import { publishId } from './jetstream/publish-id.js';
import { Streams } from './jetstream/streams.js';
import type { ResolvedNatsOptions } from './nats-options.js';
import { NatsSubscription } from './nats-subscription.js';
import { Outbox } from './outbox.js';
import { TenonEnvelope } from './tenon-envelope.js';

/** A {@link Broker} over NATS: core NATS at most once, JetStream at least once. */
export class NatsBroker implements Broker, Lifecycle {
  readonly capabilities: BrokerCapabilities;
  readonly contentType: string;
  readonly #options: ResolvedNatsOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #envelope: Envelope;
  readonly #link: ServerLink<NatsSession, string>;
  readonly #outbox: Outbox;
  /** What at least once is made of; undefined without JetStream. */
  readonly #kept: Kept | undefined;
  readonly #subscriptions = new Set<NatsSubscription | AcknowledgedSubscription>();
  readonly deadLetters: DeadLetters | undefined;
  readonly #closing = new AbortController();
  readonly #written = Promise.resolve();
  #isDraining = false;
  #closed: Promise<void> | undefined;

  constructor(options: ResolvedNatsOptions, logger: Logger, clock: Clock) {
    this.#options = options;
    this.#logger = logger.child({ broker: 'nats' });
    this.#clock = clock;
    this.#envelope = options.envelope === 'go-micro' ? new GoMicroEnvelope(clock) : new TenonEnvelope();
    this.contentType = this.#envelope.contentType;
    this.#outbox = new Outbox(options, clock, this.#envelope);
    this.capabilities = capabilitiesOf(options);
    this.#kept = options.jetStream === undefined ? undefined : this.#keptWith(options.jetStream);
    this.deadLetters = this.#kept?.deadLetters;
    const dial = natsDial(options, clock, statusLog(this.#logger));
    this.#link = new ServerLink({
      name: 'NATS',
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
      return new ServiceError('FailedPrecondition', 'the NATS broker was closed', { executed: 'no' });
    }
    if (this.isConnected) return undefined;
    return new ServiceError('Unavailable', 'there is no connection to NATS', { executed: 'no' });
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#assertUsable(signal);
    await this.#link.start(signal).catch((failure: unknown) => {
      this.#assertUsable(undefined);
      throw failure;
    });
  }

  /** The usual case, a message that is written at once, makes no promise: all of them share one. */
  publish(topic: string, message: Message, options: BrokerPublishOptions = {}): Promise<void> {
    try {
      this.#assertUsable(options.signal);
      this.#assertStarted();
      const [delivery] = checkedLevel(options.delivery, this.capabilities);
      checkedTopic(topic);
      if (delivery === 'atLeastOnce') return this.#keep(topic, message, options.signal);
      return this.#outbox.publish(topic, message, options.signal) ?? this.#written;
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  async subscribe(
    topic: string,
    handler: (delivery: Delivery) => Promise<void>,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    this.#assertUsable(options.signal);
    const terms = subscriptionTerms(topic, options, this.capabilities);
    this.#assertStarted();
    if (this.#isDraining) throw new ServiceError('FailedPrecondition', 'the NATS broker drains', { executed: 'no' });
    if (terms.delivery === 'atLeastOnce') return this.#acknowledged(terms, handler, options.signal);
    const subscription = this.#subscriptionOf(terms, handler);
    this.#subscriptions.add(subscription);
    try {
      const { session } = this.#link;
      if (session !== undefined) subscription.attach(session.connection);
      await this.#standing(subscription, options.signal);
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
      Promise.all([this.#outbox.flushed(), this.#kept?.outbox.flushed()]),
    );
    await untilAborted(finished, signal).catch((failure: unknown) => {
      if (!signal.aborted) throw failure;
      this.#logger.warn('draining was cut short: messages are lost', { unpublishedBytes: this.#outbox.waitingBytes });
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const subscription of this.#subscriptions) await subscription.close();
    this.#outbox.close();
    this.#kept?.outbox.close();
    // Publishing resolved for what was written: it must not be lost by closing the socket under it.
    await this.#flushed();
    this.#closing.abort();
    await this.#link.close();
    this.#outbox.disconnected();
  }

  async #flushed(): Promise<void> {
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#clock.after(closingFlushMs, resolve);
    });
    await Promise.race([this.#outbox.flushed(), late]);
    cancel();
  }

  readonly #up = ({ connection }: NatsSession, isAgain: boolean): void => {
    this.#kept?.streams.reset();
    this.#kept?.outbox.connected(connection);
    for (const subscription of this.#subscriptions) subscription.attach(connection);
    this.#outbox.connected(connection, isAgain ? this.#options.rejoinMs : 0);
  };

  readonly #down = (): void => {
    this.#kept?.outbox.disconnected();
    const messages = this.#outbox.disconnected();
    if (messages === 0) return;
    this.#logger.warn('messages were written just before the connection was lost; they may not have arrived', {
      messages,
    });
  };

  #keptWith(options: ResolvedJetStreamOptions): Kept {
    const streams = new Streams(options, this.#logger);
    const { maxPendingBytes, maxPendingMs } = this.#options;
    const limits = { maxPendingBytes, maxPendingMs, ackTimeoutMs: options.ackTimeoutMs };
    const deadLetters = new NatsDeadLetters({
      connection: async (signal) => {
        this.#assertUsable(signal);
        const { connection } = await this.#link.connectedWithin(maxPendingMs, signal);
        return connection;
      },
      streamOf: (topic, connection) => streams.of(topic, connection),
      envelope: this.#envelope,
      publish: (topic, message) => this.#bury(topic, message),
    });
    return { streams, outbox: new AckedOutbox(limits, streams, this.#clock), deadLetters };
  }

  async #bury(topic: string, message: Message): Promise<void> {
    return this.#keep(topic, message, undefined);
  }

  #keep(topic: string, message: Message, signal: AbortSignal | undefined): Promise<void> {
    const { outbox } = this.#kept as Kept;
    return outbox.publish(topic, this.#envelope.pack(topic, message), publishId(topic, message), signal);
  }

  async #acknowledged(
    terms: SubscriptionTerms,
    handler: (delivery: Delivery) => Promise<void>,
    signal: AbortSignal | undefined,
  ): Promise<Subscription> {
    const subscription = new AcknowledgedSubscription({
      terms,
      handler,
      bury: (topic, message) => this.#bury(topic, message),
      envelope: this.#envelope,
      streams: (this.#kept as Kept).streams,
      clock: this.#clock,
      logger: this.#logger.child({ topic: terms.topic, queue: terms.queue }),
      onEnd: (ended) => this.#subscriptions.delete(ended),
    });
    this.#subscriptions.add(subscription);
    try {
      const standing = subscription.standing();
      const { session } = this.#link;
      if (session !== undefined) subscription.attach(session.connection);
      const given = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
      await untilAborted(standing, given);
      return subscription;
    } catch (failure) {
      await subscription.close();
      this.#assertUsable(undefined);
      throw failure;
    }
  }

  #subscriptionOf(
    { topic, queue, maxInFlight }: SubscriptionTerms,
    handler: (delivery: Delivery) => Promise<void>,
  ): NatsSubscription {
    const { maxWaitingMessages, maxWaitingBytes } = this.#options;
    return new NatsSubscription(
      {
        topic,
        queue,
        handler,
        envelope: this.#envelope,
        maxInFlight,
        maxWaitingMessages,
        maxWaitingBytes,
      },
      (ended) => this.#subscriptions.delete(ended),
      this.#logger,
      this.#clock,
    );
  }

  /** Resolves when the server knows the subscription, over as many connections as that takes. */
  async #standing(subscription: NatsSubscription, given: AbortSignal | undefined): Promise<void> {
    const signal = given === undefined ? this.#closing.signal : AbortSignal.any([given, this.#closing.signal]);
    for (;;) {
      const { connection } = await this.#link.connected(signal);
      // A pong behind the subscription: the server has it, or has refused it by now.
      const isKnown = await untilAborted(roundTrip(connection), signal);
      if (subscription.refusal !== undefined) throw subscription.refusal;
      if (isKnown) return;
    }
  }

  #assertUsable(signal: AbortSignal | undefined): void {
    if (this.#closed !== undefined) {
      throw new ServiceError('FailedPrecondition', 'the NATS broker was closed', { executed: 'no' });
    }
    throwIfAborted(signal);
  }

  #assertStarted(): void {
    if (this.#link.isStarted) return;
    throw new ServiceError('Unavailable', 'the NATS broker is not connected yet: it has not been started', {
      executed: 'no',
    });
  }
}

/** Whether the connection lasted for one. A ping on a lost connection is never answered, nor given up by the client. */
async function roundTrip(connection: NatsConnection): Promise<boolean> {
  const answered = connection.flush().then(
    () => true,
    () => false,
  );
  return Promise.race([answered, connection.closed().then(() => false)]);
}

/** What at least once is made of. */
interface Kept {
  readonly streams: Streams;
  readonly outbox: AckedOutbox;
  readonly deadLetters: NatsDeadLetters;
}

/** Core NATS keeps nothing: who is not there when a message comes has missed it. */
const atMostOnce = Object.freeze<LevelCapabilities>({
  whileDown: 'buffers',
  patterns: true,
  replays: false,
  outlives: 'nothing',
});
const atLeastOnce = Object.freeze<LevelCapabilities>({ ...atMostOnce, replays: true, outlives: 'broker' });

function capabilitiesOf({ delivery, jetStream }: ResolvedNatsOptions): BrokerCapabilities {
  const levels = jetStream === undefined ? { atMostOnce } : { atMostOnce, atLeastOnce };
  return Object.freeze({ delivery, levels: Object.freeze(levels) });
}

/** A server that is alive answers in a round trip; one that is not must not hold up a shutdown. */
const closingFlushMs = 1_000;
