import type { Candidate, Filter } from './filter.js';
import type { Outcome } from './outcome.js';

/** Which node a call wants. */
export interface SelectOptions {
  /** Applied in order; what they leave is what the strategy chooses from. */
  readonly filters?: readonly Filter[] | undefined;
  /** Ids of nodes not to use, those that this call has failed on. */
  readonly exclude?: ReadonlySet<string> | undefined;
  /** What a hashing strategy hashes; others ignore it. */
  readonly key?: string | undefined;
  /** Waits while no node is left, until one appears or `signal` is aborted, instead of rejecting. Default false. */
  readonly waitForReady?: boolean | undefined;
  /** Ends the wait for nodes. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Picks the node for each attempt of a call, and learns from how it went.
 *
 * Callers report the outcome of every selected candidate exactly once: load-aware strategies count what is under way.
 */
export abstract class Selector {
  /**
   * One candidate. Returns it at once when the service's nodes are known, a promise while they are being looked up.
   *
   * Rejects (or throws) with `Unavailable`, `executed: 'no'`, where no node is known, or filters and `exclude` leave
   * none; the message says which. While the registry is away the last known nodes are used.
   */
  abstract select(service: string, options?: SelectOptions): Candidate | Promise<Candidate>;

  /** Tells how an attempt on a selected candidate ended. Never throws. */
  abstract report(service: string, candidate: Candidate, outcome: Outcome): void;

  /** Ends the watches. Later selects reject with `FailedPrecondition`. Twice is fine. */
  abstract close(): Promise<void>;
}
