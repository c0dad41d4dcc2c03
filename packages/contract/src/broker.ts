import type { Delivery, Message } from './message.js';

/** How a subscription shares its topic and how much it takes at once. */
export interface SubscribeOptions {
  /** Subscriptions of the same queue share the messages, each going to one of them. Without it each gets every message. */
  readonly queue?: string | undefined;
  /** How many handlers run at once; further messages wait. Range 1 to 65,536, default 256. */
  readonly maxInFlight?: number | undefined;
  /** Gives up waiting for the subscription to stand. */
  readonly signal?: AbortSignal | undefined;
}

/** A live subscription. */
export interface Subscription {
  readonly topic: string;
  /** Takes no further messages and resolves when the handlers of those that arrived have ended. */
  drain(): Promise<void>;
  /** Takes no further messages; those that arrived and wait are dropped. Handlers that run are not interrupted. */
  close(): Promise<void>;
}

/** What a broker promises. */
export interface BrokerCapabilities {
  /** `atMostOnce`: a message may be lost, never doubled. `atLeastOnce`: redelivered until a handler resolved. */
  readonly delivery: 'atMostOnce' | 'atLeastOnce';
  /** What publishing does while the back end is away: wait in a bounded buffer, or reject with `Unavailable`. */
  readonly whileDown: 'buffers' | 'rejects';
}

/**
 * Carries messages from publishers to subscribers, by topic.
 *
 * Callers give bytes: encoding and decoding are done above. Implementers may assume that topics passed `checkedTopic`
 * and metadata `checkedMetadata`. A handler that rejects is not acknowledged; where delivery is at most once nothing
 * more happens, and the subscription goes on in any case. After a lost back end every subscription stands again by
 * itself, once.
 *
 * After `close`, every method rejects with `FailedPrecondition`.
 */
export abstract class Broker {
  abstract readonly capabilities: BrokerCapabilities;
  /** The media type in which publishers should write bodies unless told otherwise. */
  abstract readonly contentType: string;

  /**
   * Hands a message over and resolves when the broker has it (at least once), or when it has been written towards it (at
   * most once). Nobody subscribed is not an error. Rejects with `Unavailable`, `ResourceExhausted` for a body over the
   * back end's limit, `Canceled` on abort.
   */
  abstract publish(
    topic: string,
    message: Message,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<void>;

  /** Subscribes, and resolves once messages published from now on arrive. */
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
