import type { BackoffOptions } from './authoring/backoff.js';
import type { DeadLetters } from './dead-letters.js';
import type { Delivery, Message } from './message.js';
import type { ServiceError } from './service-error.js';

/**
 * How far a message goes.
 *
 * `atMostOnce`: it may be lost, never doubled. `atLeastOnce`: it is kept until a handler resolved, and may come twice; after
 * `maxAttempts` it goes to the dead letters.
 */
export type DeliveryLevel = 'atMostOnce' | 'atLeastOnce';

/** Where a subscription begins: with what is published from then on, with all that is kept, from a time, or from a place in the store. */
export type StartFrom = 'new' | 'first' | { readonly timeMs: number } | { readonly sequence: number };

/** How a subscription shares its topic, how much it takes at once, and what becomes of what fails. All fields are optional. */
export interface SubscribeOptions {
  /** Subscriptions of the same queue share the messages, each going to one of them. Without it each gets every message. */
  readonly queue?: string | undefined;
  /** How many handlers run at once; further messages wait. Range 1 to 65,536, default 256. */
  readonly maxInFlight?: number | undefined;
  /** Default: the broker's (`capabilities.delivery`). One that the broker does not have rejects with `FailedPrecondition`. */
  readonly delivery?: DeliveryLevel | undefined;
  /**
   * At least once: for how long nobody else gets a message whose handler gives no sign of life, in milliseconds, 100 to 3,600,000.
   * Signs are given by themselves while the handler runs, so it bounds how late a message of a process that died comes again, not
   * how long a handler may take. Default 30,000.
   */
  readonly ackWaitMs?: number | undefined;
  /** At least once: how often a message is handled before it is given up. Range 1 to 1,000, default 5. */
  readonly maxAttempts?: number | undefined;
  /** At least once: the waits between attempts. Default `{ baseMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.5 }`. */
  readonly backoff?: Partial<BackoffOptions> | undefined;
  /**
   * At least once: the topic to which a message goes that was given up, `false` for nowhere: then it is logged and gone. Default
   * `dead-letters.QUEUE`, or `dead-letters` without a queue.
   */
  readonly deadLetter?: string | false | undefined;
  /**
   * At least once: one message at a time, in the order of the store, over all members of the queue. One that fails is
   * handled again, and at last given up, before the next. Default false.
   */
  readonly ordered?: boolean | undefined;
  /** At least once: default `new`. Of a queue only its first subscription decides: from then on it is kept where the queue is. */
  readonly startFrom?: StartFrom | undefined;
  /** Gives up waiting for the subscription to stand. */
  readonly signal?: AbortSignal | undefined;
}

/** What a subscription may say of itself before it is made. */
export type SubscriptionOptions = Omit<SubscribeOptions, 'signal'>;

/** How a message is published. All fields are optional. */
export interface BrokerPublishOptions {
  /** Default: the broker's (`capabilities.delivery`). One that the broker does not have rejects with `FailedPrecondition`. */
  readonly delivery?: DeliveryLevel | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A live subscription. */
export interface Subscription {
  /** As it was subscribed to: a topic or a pattern. */
  readonly topic: string;
  /** Takes no further messages and resolves when the handlers of those that arrived have ended. */
  drain(): Promise<void>;
  /**
   * Takes no further messages; those that arrived and wait are dropped, which at least once means that another gets them.
   * Handlers that run are not interrupted.
   */
  close(): Promise<void>;
}

/** What a broker promises. */
export interface BrokerCapabilities {
  /** The level where none is asked for. */
  readonly delivery: DeliveryLevel;
  /** The levels that it has. */
  readonly levels: Readonly<Partial<Record<DeliveryLevel, LevelCapabilities>>>;
}

/** What a broker promises at one level of delivery. */
export interface LevelCapabilities {
  /** What publishing does while the back end is away: wait in a bounded buffer, or reject with `Unavailable`. */
  readonly whileDown: 'buffers' | 'rejects';
  /** Whether patterns can be subscribed to (`checkedTopicPattern`); else they reject with `Unimplemented`. */
  readonly patterns: boolean;
  /** Whether a subscription can begin with what was published before it. */
  readonly replays: boolean;
  /** What a message that was published outlives: nothing, its subscribers, its publisher too, or the broker's own restart as well. */
  readonly outlives: 'nothing' | 'subscribers' | 'publisher' | 'broker';
}

/**
 * Carries messages from publishers to subscribers, by topic.
 *
 * Callers give bytes: encoding and decoding are done above. Implementers may assume that topics passed `checkedTopic`, patterns
 * `checkedTopicPattern` and metadata `checkedMetadata`. At most once, a handler that rejects changes nothing. At least once, its
 * message comes again after a backoff, or goes to the dead letters: at once where it rejects with {@link Unprocessable}, else after
 * `maxAttempts`. The subscription goes on in any case. After a lost back end every subscription stands again by itself, once.
 *
 * After `close`, every method rejects with `FailedPrecondition`.
 */
export abstract class Broker {
  abstract readonly capabilities: BrokerCapabilities;
  /** The media type in which publishers should write bodies unless told otherwise. */
  abstract readonly contentType: string;
  /** Why the back end cannot be used now; undefined where it can, as far as is known. Costs nothing: no I/O. Absent: unknown. */
  readonly trouble?: ServiceError | undefined;
  /** What was given up; undefined where no level keeps it. */
  readonly deadLetters?: DeadLetters | undefined;

  /**
   * Hands a message over and resolves when the broker keeps it (at least once), or when it has been written towards it (at
   * most once). Nobody subscribed is not an error. Rejects with `Unavailable`, `ResourceExhausted` for a body over the
   * back end's limit, `Canceled` on abort.
   */
  abstract publish(topic: string, message: Message, options?: BrokerPublishOptions): Promise<void>;

  /** Subscribes to a topic or a pattern, and resolves once messages published from now on arrive. */
  abstract subscribe(
    topic: string,
    handler: (delivery: Delivery) => Promise<void>,
    options?: SubscribeOptions,
  ): Promise<Subscription>;

  /** Ends every subscription at once and disconnects. Twice is fine. */
  abstract close(): Promise<void>;
}

/** The default of {@link SubscribeOptions.maxInFlight}: enough to hide latency, few enough to bound memory. */
export const defaultMaxInFlight = 256;
