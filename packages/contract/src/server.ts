import type { SubscriptionOptions } from './broker.js';
import type { EndpointDescriptor } from './endpoint.js';
import type { Intercept } from './interceptor.js';
import type { Metadata } from './metadata.js';
import type { Schema } from './schema.js';

/** One endpoint with the code that serves it. */
export interface ServedEndpoint {
  readonly descriptor: EndpointDescriptor;
  /**
   * Gets the validated request, or an async iterable of them where the client streams, and returns the reply's value,
   * or an async iterable of them where the server streams. What it throws becomes the call's error.
   */
  readonly handle: (request: unknown) => unknown;
  /** Run inside the bound interceptors, the first outermost. */
  readonly interceptors: readonly Intercept[];
  /** Goes into the registry record. */
  readonly metadata: Metadata;
}

/** One subscription with the code that serves it. */
export interface ServedSubscription {
  /** A topic or a pattern. */
  readonly topic: string;
  readonly options: SubscriptionOptions;
  readonly event: Schema | undefined;
  /** `Mails.onOrderPlaced`, for logs, errors and the registry record. */
  readonly name: string;
  readonly handle: (event: unknown) => unknown;
  readonly interceptors: readonly Intercept[];
}

/** One version of one service, as an application hands it to its server. */
export interface ServedService {
  readonly name: string;
  readonly version: string;
  /** Labels of this node. */
  readonly metadata: Metadata;
  readonly endpoints: readonly ServedEndpoint[];
  readonly subscriptions: readonly ServedSubscription[];
}

/** Where a started server can be reached. */
export interface ServerAddress {
  /** Where it listens: `127.0.0.1:41234`, or the address of a transport without a socket. */
  readonly listen: string;
  /** What the registry got. */
  readonly advertise: string;
}

/**
 * Answers calls and handles events for a set of services.
 *
 * Order: `serve` for each service, `start`, `drain`, `close`. Anything out of order rejects with `FailedPrecondition`.
 */
export abstract class Server {
  /** Adds a service. Throws `AlreadyExists` for a second one of that name and version. */
  abstract serve(service: ServedService): void;

  /** Where it can be reached; undefined before `start`. */
  abstract readonly address: ServerAddress | undefined;

  /** Listens, subscribes, then registers. Rejects having undone all of it. */
  abstract start(signal: AbortSignal): Promise<void>;

  /**
   * The mirror of `start`: leaves the registry, tells peers and the broker, finishes what is in hand. Aborting the
   * signal cancels the rest.
   */
  abstract drain(signal: AbortSignal): Promise<void>;

  /** Ends everything at once and frees it. Twice is fine. */
  abstract close(): Promise<void>;
}
