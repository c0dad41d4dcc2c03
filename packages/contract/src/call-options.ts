import type { DeliveryLevel } from './broker.js';
import type { CallPolicy } from './call-policy.js';
import type { Filter } from './filter.js';
import type { Metadata } from './metadata.js';
import type { ServiceError } from './service-error.js';

/** What a caller may say about one call, over what the endpoint's policy says. All fields are optional. */
export interface CallOptions extends CallPolicy {
  /** Ends the call; it rejects with `Canceled` and the handler feels it. */
  readonly signal?: AbortSignal | undefined;
  /** Pairs to send. Nothing of a call being served is sent on by itself. */
  readonly metadata?: Metadata | undefined;
  /** The media type of the request. Default: the client's, else the transport's. */
  readonly contentType?: string | undefined;
  /** Goes straight to this address, past registry and selector: `host:port`. */
  readonly address?: string | undefined;
  /** Only nodes of this version. */
  readonly version?: string | undefined;
  /** Only nodes whose metadata has all these pairs. */
  readonly labels?: Metadata | undefined;
  /** Further filters, after version and labels. */
  readonly filters?: readonly Filter[] | undefined;
  /** What a hashing strategy hashes. Default: what `keyField` finds in the request. */
  readonly key?: string | undefined;
  /** Overrides what the endpoint declares: whether trying again is safe when nobody knows whether it ran. */
  readonly idempotent?: boolean | undefined;
  /**
   * Makes repeating safe where the endpoint alone does not: the server runs each key once within its window, and answers a
   * repetition with the first reply. 1 to 128 visible ASCII characters, unique per intended effect. The call is repeated on the
   * node that has seen the key only, because others have not; where that node is gone, it fails `executed: 'maybe'`.
   */
  readonly idempotencyKey?: string | undefined;
  /**
   * Gives the reply's value where the call fails after all attempts, also where a breaker is open. What it throws is the
   * call's error. Not asked where the caller cancelled, and not for streams.
   */
  readonly fallback?: ((error: ServiceError) => unknown) | undefined;
  /** Receives the reply's metadata, before the call resolves. */
  readonly onReply?: ((metadata: Metadata) => void) | undefined;
}

/** What a publisher may say about one event. */
export interface PublishOptions {
  readonly signal?: AbortSignal | undefined;
  readonly metadata?: Metadata | undefined;
  /** The media type of the body. Default: the broker's. */
  readonly contentType?: string | undefined;
  /** The event's id. Default: a new UUID. */
  readonly id?: string | undefined;
  /** Default: what `@Event` says, else the broker's. One that the broker does not have rejects with `FailedPrecondition`. */
  readonly delivery?: DeliveryLevel | undefined;
}
