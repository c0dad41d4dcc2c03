import type { NatsConnection } from '@nats-io/transport-node';
import {
  type Broker,
  type BrokerCapabilities,
  type Clock,
  checkedTopic,
  type Delivery,
  defaultMaxInFlight,
  type Lifecycle,
  type Logger,
  type Message,
  ServiceError,
  type SubscribeOptions,
  type Subscription,
} from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import { natsDial } from './dial.js';
import type { Envelope } from './envelope.js';
import { GoMicroEnvelope } from './go-micro-envelope.js';
import { NatsLink } from './nats-link.js';
import type { ResolvedNatsOptions } from './nats-options.js';
import { NatsSubscription } from './nats-subscription.js';
import { Outbox } from './outbox.js';
import { TenonEnvelope } from './tenon-envelope.js';
import { throwIfAborted, untilAborted } from './until-aborted.js';

/** A {@link Broker} over core NATS. */
export class NatsBroker implements Broker, Lifecycle {
  readonly capabilities: BrokerCapabilities = Object.freeze({ delivery: 'atMostOnce', whileDown: 'buffers' });
  readonly contentType: string;
  readonly #options: ResolvedNatsOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #envelope: Envelope;
  readonly #link: NatsLink;
  readonly #outbox: Outbox;
  readonly #subscriptions = new Set<NatsSubscription>();
  readonly #closing = new AbortController();
  #isDraining = false;
  #closed: Promise<void> | undefined;

  constructor(options: ResolvedNatsOptions, logger: Logger, clock: Clock) {
    this.#options = options;
    this.#logger = logger.child({ broker: 'nats' });
    this.#clock = clock;
    this.#envelope = options.envelope === 'go-micro' ? new GoMicroEnvelope(clock) : new TenonEnvelope();
    this.contentType = this.#envelope.contentType;
    this.#outbox = new Outbox(options, clock);
    const dial = natsDial(options, this.#logger, clock);
    this.#link = new NatsLink(options, dial, { up: this.#up, down: this.#down }, this.#logger, clock);
  }

  /** Whether there is a connection now. */
  get isConnected(): boolean {
    return this.#link.connection !== undefined;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#assertUsable(signal);
    await this.#link.start(signal).catch((failure: unknown) => {
      this.#assertUsable(undefined);
      throw failure;
    });
  }

  async publish(
    topic: string,
    message: Message,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    this.#assertUsable(options.signal);
    this.#assertStarted();
    const waiting = this.#outbox.publish(checkedTopic(topic), this.#envelope.pack(topic, message), options.signal);
    if (waiting !== undefined) await waiting;
  }

  async subscribe(
    topic: string,
    handler: (delivery: Delivery) => Promise<void>,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    this.#assertUsable(options.signal);
    const subscription = this.#subscriptionOf(topic, handler, options);
    this.#assertStarted();
    if (this.#isDraining) throw new ServiceError('FailedPrecondition', 'the NATS broker drains', { executed: 'no' });
    this.#subscriptions.add(subscription);
    try {
      const { connection } = this.#link;
      if (connection !== undefined) subscription.attach(connection);
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
      this.#outbox.flushed(),
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

  readonly #up = (connection: NatsConnection, isAgain: boolean): void => {
    for (const subscription of this.#subscriptions) subscription.attach(connection);
    this.#outbox.connected(connection, isAgain ? this.#options.rejoinMs : 0);
  };

  readonly #down = (): void => {
    const messages = this.#outbox.disconnected();
    if (messages === 0) return;
    this.#logger.warn('messages were written just before the connection was lost; they may not have arrived', {
      messages,
    });
  };

  #subscriptionOf(
    topic: string,
    handler: (delivery: Delivery) => Promise<void>,
    options: SubscribeOptions,
  ): NatsSubscription {
    const { maxWaitingMessages, maxWaitingBytes } = this.#options;
    const range = { min: 1, max: 65_536, fallback: defaultMaxInFlight };
    return new NatsSubscription(
      {
        topic: checkedTopic(topic),
        queue: checkedQueue(options.queue),
        handler,
        envelope: this.#envelope,
        maxInFlight: checkedNumber('subscribe.maxInFlight', options.maxInFlight, range),
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
      const connection = await this.#link.connected(signal);
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

/** Queue names go into the protocol's text as they are: white space would begin another field. */
function checkedQueue(queue: string | undefined): string | undefined {
  if (queue === undefined || (typeof queue === 'string' && queueForm.test(queue))) return queue;
  throw new ServiceError(
    'InvalidArgument',
    `subscribe.queue is ${JSON.stringify(queue)}; it must be 1 to 256 characters without white space, "*" and ">"`,
    { executed: 'no' },
  );
}

const queueForm = /^[^\s\p{Cc}*>]{1,256}$/u;
/** A server that is alive answers in a round trip; one that is not must not hold up a shutdown. */
const closingFlushMs = 1_000;
