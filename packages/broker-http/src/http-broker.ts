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
  type Registry,
  ServiceError,
  type SubscribeOptions,
  type Subscription,
  type Tls,
} from '@tenon/contract';
import { checkedLevel, orAborted, Pause, subscriptionTerms } from '@tenon/contract/authoring';
import type { ResolvedHttpBrokerOptions } from './http-broker-options.js';
import { FanOut } from './publisher/fan-out.js';
import { Poster } from './publisher/poster.js';
import { SubscriberDirectory } from './publisher/subscriber-directory.js';
import { LazySpool } from './spool/lazy-spool.js';
import { Subscriptions } from './subscriber/subscriptions.js';
import { packEnvelope } from './wire/go-micro-envelope.js';

/** What an {@link HttpBroker} depends on. */
export interface BrokerParts {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tls: Tls | undefined;
}

/** A {@link Broker} from process to process over HTTP. */
export class HttpBroker implements Broker, Lifecycle {
  readonly capabilities: BrokerCapabilities;
  readonly contentType = 'application/json';
  readonly deadLetters: DeadLetters | undefined;
  readonly #options: ResolvedHttpBrokerOptions;
  readonly #parts: BrokerParts;
  readonly #directory: SubscriberDirectory;
  readonly #poster: Poster;
  readonly #fanOut: FanOut;
  readonly #subscriptions: Subscriptions;
  readonly #spool: LazySpool | undefined;
  #isDraining = false;
  #closed: Promise<void> | undefined;

  constructor(options: ResolvedHttpBrokerOptions, given: BrokerParts) {
    const parts = { ...given, logger: given.logger.child({ broker: 'http' }) };
    const { registry, clock, logger, tls } = parts;
    this.#options = options;
    this.#parts = parts;
    this.#poster = new Poster({ clock, tls, connectTimeoutMs: options.connectTimeoutMs });
    const directory = new SubscriberDirectory({
      registry,
      pause: new Pause(clock),
      logger,
      isSecure: tls !== undefined,
      onChange: () => {
        this.#fanOut.sweep();
        this.#spool?.update();
      },
    });
    this.#directory = directory;
    this.#fanOut = new FanOut({ directory, poster: this.#poster, clock, logger, limits: options });
    const { maxConnectionsPerSubscription: maxConnections } = options;
    this.#spool =
      options.spool === undefined
        ? undefined
        : new LazySpool({ options: options.spool, maxConnections, directory, poster: this.#poster, clock, logger });
    this.deadLetters = this.#spool?.deadLetters;
    this.capabilities = this.#spool === undefined ? withoutSpool : withSpool;
    this.#subscriptions = new Subscriptions({ ...parts, options, directory, spool: this.#spool });
  }

  get trouble(): ServiceError | undefined {
    if (this.#closed !== undefined) return closedError();
    return this.#directory.isReady ? undefined : this.#parts.registry.trouble;
  }

  /**
   * Begins to watch who subscribes: a registry without a server may need longer to tell than the first message can wait. Opens the
   * spool, if there is one, and goes on with what it holds.
   */
  async start(signal: AbortSignal): Promise<void> {
    this.#assertUsable(signal);
    void this.#directory.ready();
    if (this.#spool === undefined) return;
    await orAborted(signal, () => (this.#spool as LazySpool).opened());
  }

  async publish(topic: string, message: Message, options: BrokerPublishOptions = {}): Promise<void> {
    this.#assertUsable(options.signal);
    const [delivery] = checkedLevel(options.delivery, this.capabilities);
    checkedTopic(topic);
    const body = packEnvelope(topic, message);
    this.#assertFits(body);
    // As it is now: the caller may use its own again. The body is packed already, and not looked at any more.
    const kept: Message = { ...message, metadata: { ...message.metadata } };
    if (!this.#directory.isReady) await this.#discovered(options.signal);
    const spool = delivery === 'atLeastOnce' ? await this.#spool?.opened() : undefined;
    this.#assertUsable(options.signal);
    const wanted = this.#directory.matching(topic);
    if (spool === undefined) return this.#fanOut.publish(topic, body, kept, wanted);
    await spool.publish(topic, kept, body);
    const plainly = wanted.filter(({ tenon }) => tenon?.delivery !== 'atLeastOnce');
    try {
      this.#fanOut.publish(topic, body, kept, plainly);
    } catch (error) {
      // It is kept for those who are to have it at least once; the others may lose it.
      this.#parts.logger.warn('a message at least once was dropped for subscribers at most once', { topic, error });
    }
  }

  async subscribe(
    topic: string,
    handler: (delivery: Delivery) => Promise<void>,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    this.#assertUsable(options.signal);
    const terms = subscriptionTerms(topic, options, this.capabilities);
    if (this.#isDraining) throw new ServiceError('FailedPrecondition', 'the HTTP broker drains', { executed: 'no' });
    const subscription = await this.#subscriptions.open(terms, handler, options.signal);
    if (this.#closed !== undefined) await subscription.close();
    this.#assertUsable(undefined);
    return subscription;
  }

  /** Drains every subscription, then waits until what was published is with its subscribers. Publishing goes on meanwhile. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#isDraining = true;
    try {
      await orAborted(signal, async () => {
        await this.#subscriptions.drain();
        await Promise.all([this.#fanOut.flushed(), this.#spool?.settled()]);
      });
    } catch (error) {
      if (!signal.aborted) throw error;
      this.#parts.logger.warn('draining was cut short: messages at most once may be lost');
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#spool?.pause();
    await this.#subscriptions.close();
    // Publishing resolved for what is on its way, and handlers elsewhere may be about to answer.
    await this.#within(closingFlushMs, Promise.all([this.#fanOut.flushed(), this.#spool?.settled()]));
    this.#fanOut.close();
    this.#poster.close();
    await this.#subscriptions.closeServer();
    await this.#spool?.close();
    await this.#directory.close();
    this.#fanOut.end();
  }

  async #discovered(signal: AbortSignal | undefined): Promise<void> {
    const { discoveryTimeoutMs } = this.#options;
    await orAborted(signal, () => this.#within(discoveryTimeoutMs, this.#directory.ready()));
    this.#assertUsable(signal);
    if (this.#directory.isReady) return;
    const text = `the registry has not told within ${discoveryTimeoutMs} ms who subscribes`;
    throw new ServiceError('Unavailable', text, { executed: 'no', cause: this.#parts.registry.trouble });
  }

  async #within(ms: number, work: Promise<unknown>): Promise<void> {
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#parts.clock.after(ms, resolve);
    });
    await Promise.race([work, late]);
    cancel();
  }

  #assertFits({ length }: Buffer): void {
    const { maxMessageBytes } = this.#options;
    if (length <= maxMessageBytes) return;
    const text = `the message has ${length} bytes with its envelope; httpBroker.maxMessageBytes is ${maxMessageBytes}`;
    throw new ServiceError('ResourceExhausted', text, { executed: 'no' });
  }

  #assertUsable(signal: AbortSignal | undefined): void {
    if (this.#closed !== undefined) throw closedError();
    if (signal?.aborted !== true) return;
    throw new ServiceError('Canceled', 'the call was aborted', { executed: 'no', cause: signal.reason });
  }
}

function closedError(): ServiceError {
  return new ServiceError('FailedPrecondition', 'the HTTP broker was closed', { executed: 'no' });
}

const atMostOnce = Object.freeze<LevelCapabilities>({
  whileDown: 'buffers',
  patterns: true,
  replays: false,
  outlives: 'nothing',
});
const withoutSpool: BrokerCapabilities = Object.freeze({
  delivery: 'atMostOnce',
  levels: Object.freeze({ atMostOnce }),
});
const withSpool: BrokerCapabilities = Object.freeze({
  delivery: 'atLeastOnce',
  levels: Object.freeze({
    atMostOnce,
    atLeastOnce: Object.freeze<LevelCapabilities>({ ...atMostOnce, outlives: 'publisher' }),
  }),
});
/** What is alive takes a message in a round trip; what is not must not hold up a shutdown. */
const closingFlushMs = 1_000;
