import {
  type Clock,
  type Delivery,
  type Lease,
  type Logger,
  type Registry,
  ServiceError,
  type Subscription,
  type Tls,
} from '@tenon/contract';
import type { SubscriptionTerms } from '@tenon/contract/authoring';
import { advertisedAddress, isWildcard } from '../advertised-address.js';
import type { ResolvedHttpBrokerOptions } from '../http-broker-options.js';
import type { SubscriberDirectory } from '../publisher/subscriber-directory.js';
import type { LazySpool } from '../spool/lazy-spool.js';
import { newSubscriber, type Subscriber, subscriberRecord } from '../wire/subscriber-record.js';
import { AcknowledgedSubscription } from './acknowledged-subscription.js';
import { BrokerServer, type Receiver } from './broker-server.js';
import { PlainSubscription } from './plain-subscription.js';

/** What {@link Subscriptions} work with. */
export interface SubscriptionsParts {
  readonly options: ResolvedHttpBrokerOptions;
  readonly registry: Registry;
  readonly directory: SubscriberDirectory;
  readonly spool: LazySpool | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tls: Tls | undefined;
}

/** The subscriptions of a process: one server for all of them, and one record in the registry for each. */
export class Subscriptions {
  readonly #parts: SubscriptionsParts;
  readonly #open = new Set<Live>();
  readonly #leases = new Map<string, Lease>();
  #serving: Promise<Serving> | undefined;

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts;
  }

  /** Resolves once the registry has the subscription. Rejects as `Registry.register` does, and leaves nothing behind. */
  async open(terms: SubscriptionTerms, handler: Handler, signal: AbortSignal | undefined): Promise<Subscription> {
    const { registry, directory, options, tls } = this.#parts;
    const { server, address } = await this.#served();
    const subscriber = newSubscriber(terms, address, tls !== undefined);
    const live =
      terms.delivery === 'atLeastOnce'
        ? await this.#kept(subscriber, terms, handler)
        : this.#plain(subscriber, terms, handler);
    // Before the registry has it: the first message may be faster than the answer.
    server.add(live);
    this.#open.add(live);
    try {
      const lease = await registry.register(subscriberRecord(subscriber), {
        ttlMs: options.ttlMs,
        ...(signal === undefined ? {} : { signal }),
      });
      this.#leases.set(subscriber.id, lease);
      if (!this.#open.has(live)) await lease.release();
      else directory.add(subscriber);
      return live;
    } catch (error) {
      await live.close();
      throw error;
    }
  }

  /** Resolves when every handler that had something in hand has ended. */
  async drain(): Promise<void> {
    await Promise.all([...this.#open].map((live) => live.drain()));
  }

  /** Ends every subscription. What runs may still be answered for. */
  async close(): Promise<void> {
    await Promise.all([...this.#open].map((live) => live.close()));
  }

  async closeServer(): Promise<void> {
    const serving = await this.#serving?.catch(() => undefined);
    await serving?.server.close();
  }

  #plain(subscriber: Subscriber, { topic, queue, maxInFlight }: SubscriptionTerms, handler: Handler): Live {
    const { maxWaitingMessages, maxWaitingBytes } = this.#parts.options;
    const logger = this.#parts.logger.child({ topic, queue });
    const leave = this.#leave;
    const bounds = { maxInFlight, maxWaitingMessages, maxWaitingBytes };
    return new PlainSubscription(subscriber, { handler, ...bounds, logger, leave });
  }

  async #kept(subscriber: Subscriber, terms: SubscriptionTerms, handler: Handler): Promise<Live> {
    const { spool: lazy, clock, logger } = this.#parts;
    const spool = await (lazy as LazySpool).opened();
    return new AcknowledgedSubscription(subscriber, {
      terms,
      handler,
      bury: (topic, message) => spool.bury(topic, message),
      adopt: ({ topic, bytes: body, message: { timeMs } }) => spool.adopt({ topic, body, timeMs }, subscriber),
      clock,
      logger: logger.child({ topic: terms.topic, queue: terms.queue }),
      leave: this.#leave,
    });
  }

  readonly #leave = async (live: Receiver): Promise<void> => {
    const { id } = live.subscriber;
    this.#open.delete(live as Live);
    this.#parts.directory.remove(live.subscriber);
    const { server } = await (this.#serving as Promise<Serving>);
    await this.#leases.get(id)?.release();
    this.#leases.delete(id);
    // What the registry has told meanwhile is answered for: the subscription has ended.
    server.remove(live);
  };

  #served(): Promise<Serving> {
    this.#serving ??= this.#serve().catch((error: unknown) => {
      this.#serving = undefined;
      throw error;
    });
    return this.#serving;
  }

  async #serve(): Promise<Serving> {
    const { options, registry, clock, logger, tls } = this.#parts;
    const { listen } = options;
    if (isWildcard(listen.host) && tls === undefined && !options.insecure) {
      const text = `httpBroker.listen is ${listen.host}, every interface, without TLS; bind Tls, or say insecure: true`;
      throw new ServiceError('FailedPrecondition', text, { executed: 'no' });
    }
    const server = new BrokerServer({ listen, limits: options, tls, clock, logger });
    const port = await server.open();
    return { server, address: advertisedAddress(options, port, registry.capabilities, logger) };
  }
}

type Live = Subscription & Receiver;
type Handler = (delivery: Delivery) => Promise<void>;

interface Serving {
  readonly server: BrokerServer;
  readonly address: string;
}
