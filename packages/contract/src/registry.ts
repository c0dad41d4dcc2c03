import type { ServiceError } from './service-error.js';
import type { ServiceRecord } from './service-record.js';

/** How long a registration outlives its process. */
export interface RegisterOptions {
  /**
   * Milliseconds until an entry that is not renewed disappears. The provider renews it each third of this time.
   * Range 1,000 ms to 24 h; a provider whose back end is coarser rounds up.
   */
  readonly ttlMs: number;
  /** Gives up waiting for the first registration. The entry is then removed if it was made. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What a watch yields. `set` holds every record of the service, whole, each time; an `error` tells that changes may be
 * missed until the next `set`, and never means that the service is gone.
 */
export type RegistryEvent =
  | { readonly kind: 'set'; readonly records: readonly ServiceRecord[] }
  | { readonly kind: 'error'; readonly error: ServiceError };

/**
 * `held`: the entry stands and is renewed. `lost`: the back end dropped it or cannot be reached for longer than its time
 * to live; the provider is registering it again. `released`: given back by the caller, or the registry was closed.
 */
export type LeaseState = 'held' | 'lost' | 'released';

/**
 * Our claim on one registry entry.
 *
 * A caller keeps it as long as it serves and releases it first thing when it drains. An implementer renews it without
 * being asked, says when it is lost, and registers the same record again as soon as the back end allows.
 */
export interface Lease {
  readonly state: LeaseState;
  /**
   * Calls `listener` on each change of state, with the reason of a loss. Returns the function that stops it. Listeners
   * run in order and must not throw.
   */
  onChange(listener: (state: LeaseState, reason?: ServiceError) => void): () => void;
  /**
   * Takes the entry out of the registry. Twice is fine. Resolves also where the back end cannot be reached: the entry
   * then ends with its time to live, and no renewal happens in between.
   */
  release(): Promise<void>;
}

/**
 * What one operation promises.
 *
 * `strong`: it sees every registration that finished before it began; a registration that has finished is seen by all. `eventual`:
 * soon, within a bound that the provider's README states, once nothing is cut off. `weak`: no bound.
 */
export interface OperationConsistency {
  readonly level: 'strong' | 'eventual' | 'weak';
  /**
   * What it does where the back end, or the majority of its members, cannot be reached. `refuses`: rejects with `Unavailable`.
   * `answers`: with what is known on this side, which may be stale; what is written there is spread once the partition heals.
   */
  readonly whenCutOff: 'refuses' | 'answers';
}

/** What a registry promises by operation, under the options that it was made with. A test of each provider cuts it off and looks. */
export interface RegistryConsistency {
  readonly register: OperationConsistency;
  readonly lookup: OperationConsistency;
  /** A call by name: it goes by the watch of the selector, which keeps the last known set. */
  readonly cachedCall: OperationConsistency;
}

/** What a registry can promise. A suite checks each; what is off must be refused, never quietly weaker. */
export interface RegistryCapabilities {
  /** Entries of a process that vanished disappear after their time to live. Off: they stay until somebody takes them over. */
  readonly expires: boolean;
  readonly consistency: RegistryConsistency;
  /**
   * Who reads the entries: this process, this machine, or (the default where absent) a network. A loopback address that
   * is registered where a network reads it leads every reader to itself, which the server warns about.
   */
  readonly reach?: 'process' | 'machine' | 'network';
}

/**
 * Where services are found: kept records, looked up and watched by name.
 *
 * Callers: pass records as data, they are copied; close the registry once, after every lease was released.
 *
 * Implementers may assume that names and ids are strings of 1 to 256 characters without control characters, and that
 * `close` comes last. They must not assume anything about the records of other writers: a malformed one is skipped and
 * logged, the rest work. Losing the back end never empties what callers know: lookups reject with `Unavailable` and
 * watches yield an `error`, both heal by themselves, with a backoff that has jitter.
 *
 * After `close`, every method rejects with `FailedPrecondition` and every watch has ended.
 */
export abstract class Registry {
  abstract readonly capabilities: RegistryCapabilities;

  /** Why the back end cannot be used now; undefined where it can, as far as is known. Costs nothing: no I/O. Absent: unknown. */
  readonly trouble?: ServiceError | undefined;

  /**
   * Registers one record with exactly one node and resolves once others can find it. The same node id again replaces the
   * record of the earlier registration, whose lease then counts as released.
   *
   * Rejects with `InvalidArgument` on a record without exactly one node or a `ttlMs` out of range, `Unavailable` where the back end does not
   * answer, `Canceled` on abort.
   */
  abstract register(record: ServiceRecord, options: RegisterOptions): Promise<Lease>;

  /** All records of one service, grouped by version: empty where nobody offers it. Rejects with `Unavailable`, `Canceled` on abort. */
  abstract lookup(
    name: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly ServiceRecord[]>;

  /** The names of all services that have a node, sorted. Rejects with `Unavailable`, `Canceled` on abort. */
  abstract list(options?: { readonly signal?: AbortSignal | undefined }): Promise<readonly string[]>;

  /**
   * Follows one service: the whole set at once (empty where nobody offers it), then the whole newest set after each
   * change. A slow reader gets the newest set, not each between. Watches are independent. Aborting the signal, leaving
   * the loop or closing the registry ends the iteration (without an error) and frees everything it held.
   */
  abstract watch(name: string, options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<RegistryEvent>;

  /** Releases every lease, ends every watch, and disconnects. Twice is fine. */
  abstract close(): Promise<void>;
}
