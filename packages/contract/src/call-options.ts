import type { Filter } from './filter.js';
import type { Metadata } from './metadata.js';

/** What a caller may say about one call. All fields are optional. */
export interface CallOptions {
  /**
   * How long the whole call may take, all attempts together, in milliseconds. Range 1 to 3,600,000, default 10,000; a
   * stream has no end by default. Inside a handler the time left of the call being served is the upper bound.
   */
  readonly timeoutMs?: number | undefined;
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
  /** What a hashing strategy hashes. */
  readonly key?: string | undefined;
  /** How many nodes to try, the first included. Range 1 to 5, default 3. */
  readonly maxAttempts?: number | undefined;
  /** Overrides what the endpoint declares: whether trying again is safe when nobody knows whether it ran. */
  readonly idempotent?: boolean | undefined;
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
}
