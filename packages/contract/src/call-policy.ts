/**
 * How important a call is where a server cannot serve them all: `bulk` is turned away first, `critical` last. Calls that a
 * handler makes have the priority of the call that it serves, unless they say otherwise.
 */
export type Priority = 'critical' | 'normal' | 'bulk';

/** From the most important to the least. */
export const priorities: readonly Priority[] = Object.freeze(['critical', 'normal', 'bulk']);

/**
 * How calls of an endpoint are made: what its service says for all callers, and each call may say otherwise. All fields are
 * optional.
 */
export interface CallPolicy {
  /**
   * How long the whole call may take, all attempts together, in milliseconds. Range 1 to 3,600,000, default 10,000; a
   * stream has no end by default. Inside a handler the time left of the call being served is the upper bound.
   */
  readonly timeoutMs?: number | undefined;
  /** How many nodes to try, the first included. Range 1 to 5, default 3. */
  readonly maxAttempts?: number | undefined;
  /**
   * Sends an idempotent unary call to a second node where the first has not answered after so many milliseconds, and takes
   * whichever answer comes first; the other attempt is cancelled. Draws on the retry budget. Range 1 to 3,600,000, default:
   * never. Choose about the 95th percentile of the endpoint's latency.
   */
  readonly hedgeAfterMs?: number | undefined;
  /**
   * Waits, within the call's time, while no node of the service is known or none can be reached, instead of failing at once.
   * Default false.
   */
  readonly waitForReady?: boolean | undefined;
  /** Default: that of the call being served, else `normal`. */
  readonly priority?: Priority | undefined;
  /**
   * The field of the request whose value is the call's `key`, for strategies that hash: a text, a number, a bigint or a boolean, as
   * text; anything else is no key. Read from the request as the caller gave it. Calls that stream their requests have none. Default: no
   * field.
   */
  readonly keyField?: string | undefined;
}

/** Metadata keys that the framework itself sends with a call, and what they hold. */
export const callMetadata = Object.freeze({
  /** The number of the attempt, from the second on. Calls made while serving it are not repeated once they were sent. */
  attempt: 'tenon-attempt',
  /** A `Priority` other than `normal`. */
  priority: 'tenon-priority',
  /** What the caller gave as `CallOptions.idempotencyKey`. */
  idempotencyKey: 'tenon-idempotency-key',
});
