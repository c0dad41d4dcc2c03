import type { Latencies, LoadResult } from '@tenon/testing/open-loop-load';
import type { CallOptions, ClientOptions, LogLevel, ServerOptions } from 'tenon';
import type { TransportTuning, Wire } from '../lab/wire.js';
import type { LoadWindow } from './load-windows.js';
import type { Stall } from './stall-watch.js';
import type { Work } from './target.js';

/** Where the processes of one fleet find each other. */
export interface Meeting {
  readonly wire: Wire;
  /** `host:port` */
  readonly etcd: string;
  /** Keeps fleets apart that share an etcd. */
  readonly prefix: string;
  /** Where they meet instead, if not in that etcd. */
  readonly registry?: MeetingRegistry;
}

/** A registry that a process can make its client of. Plain data. */
export interface MeetingRegistry {
  /** Of its back end: `nats`. */
  readonly name: string;
  /** What the `connect` of that back end takes. */
  readonly where: unknown;
}

/** Given to a serving process as its one argument, in JSON. */
export interface ServeOrder extends Meeting {
  readonly node: string;
  readonly journal: string;
  readonly server?: ServerOptions;
  readonly drainTimeoutMs?: number;
  readonly logLevel?: LogLevel;
}

/** Given to a calling process as its one argument, in JSON. */
export interface CallOrder extends Meeting {
  readonly client?: ClientOptions;
  readonly transport?: TransportTuning;
  /** What chooses among the nodes that are left. Default: what users get. */
  readonly strategy?: 'round robin';
  readonly watches?: boolean;
  readonly logLevel?: LogLevel;
}

/** A load that a caller is to make. */
export interface LoadOrder {
  /** Each call's id begins with it: `once` gives `once-0`, `once-1` and so on. */
  readonly name: string;
  readonly endpoint: 'work' | 'once';
  readonly rate: number;
  readonly durationMs: number;
  /** Sent with each call. */
  readonly request?: Omit<Work, 'id'>;
  readonly options?: Pick<
    CallOptions,
    'timeoutMs' | 'maxAttempts' | 'metadata' | 'priority' | 'waitForReady' | 'address' | 'hedgeAfterMs'
  >;
  /** Each call's id is its idempotency key too. Default false. */
  readonly keyed?: boolean;
  /** Whether the end of each call is written down. Default false. */
  readonly keepsEnds?: boolean;
  readonly maxInFlight?: number;
  readonly intervalMs?: number;
  /** Cuts the load into stretches so long: see `windows` of the findings. Default: none. */
  readonly windowMs?: number;
  /** Calls that take longer, and those that fail, stand one by one in the findings. Default: none does. */
  readonly slowMs?: number;
}

/** What a caller found. */
export interface LoadFindings extends LoadResult {
  /** When the load began, in milliseconds since 1970, with fractions: comparable between processes. */
  readonly beganAtEpochMs: number;
  /** How many answers came from each node in each interval of the result. */
  readonly answersByNode: Readonly<Record<string, readonly number[]>>;
  /** Of the answers of each node, from the call to the answer: unlike the result's, not from when it was to be sent. */
  readonly latencyByNode: Readonly<Record<string, Latencies>>;
  /** Calls that took longer than `slowMs`, where the order names it, and all that failed, in the order in which they ended. */
  readonly slow: readonly SlowCall[];
  /**
   * How many attempts the caller sent to each address, those of other loads too, in each 20 ms of the load: also
   * attempts that no node has ever heard of.
   */
  readonly choices: Readonly<Record<string, readonly number[]>>;
  /** What each stretch of `windowMs` came to, where the order names it. */
  readonly windows: readonly LoadWindow[];
  /** When each call ended, by its number, in milliseconds since 1970; NaN where it failed. With `keepsEnds` only. */
  readonly endsAtEpochMs?: Float64Array;
  /** Calls that failed, from when each was really sent. */
  readonly turnedAway: FailedCalls;
  /** Of the caller's event loop, and whose fault it was: of a void run the first thing to look at. */
  readonly longestStall: Stall;
}

/** One call of a load. */
export interface SlowCall {
  /** When it was to be sent, in milliseconds since the beginning of the load. */
  readonly atMs: number;
  /** From the call to its end. */
  readonly elapsedMs: number;
  /** What it failed with; undefined where it did not. */
  readonly code?: string;
  readonly executed?: string;
  readonly message?: string;
}

/** What became of calls that failed. */
export interface FailedCalls {
  /** Those that a node turned away as one that is overloaded, so that another may take them: `executed: 'no'`. */
  readonly overloaded: number;
  readonly overloadedP99Ms: number;
  /** Of all failures; NaN where there was none. */
  readonly quickestMs: number;
  readonly slowestMs: number;
}

/** Calls by so many callers, each making the next when the one before has ended. */
export interface LoopOrder extends Pick<LoadOrder, 'name' | 'endpoint' | 'durationMs' | 'request' | 'options'> {
  readonly callers: number;
}

export interface LoopFindings {
  readonly succeeded: number;
  readonly failed: number;
  readonly perSecond: number;
}

/** What one call came to. */
export type CallFindings =
  | { readonly node: string; readonly elapsedMs: number }
  | { readonly code: string; readonly executed: string; readonly message: string; readonly elapsedMs: number };

/** What a watch of the registry was told. */
export interface SeenSet {
  readonly atEpochMs: number;
  /** The addresses of the target's nodes, sorted; or why they cannot be told now. */
  readonly addresses?: readonly string[];
  readonly error?: string;
}

/** What a calling process is. */
export interface CallerReport {
  readonly rssBytes: number;
  /** The most that it ever was. */
  readonly mostRssBytes: number;
  readonly heapBytes: number;
  readonly cpuMicros: number;
}
