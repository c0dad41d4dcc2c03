/** What an open-loop load found. Plain data, so that it crosses a process boundary. */
export interface LoadResult {
  /**
   * Why this run says nothing about what was called, in a sentence: the generator itself came too late, or held calls back.
   * Absent: it counts.
   */
  readonly voidBecause?: string;
  /** Calls that were to be made, and those that were. They differ where calls were held back, or the load was stopped. */
  readonly intended: number;
  readonly sent: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Calls that were not made because `maxInFlight` were under way. */
  readonly heldBack: number;
  /** The most that were under way at once. */
  readonly maxInFlight: number;
  /** The largest lateness of sending against intention, in milliseconds. */
  readonly lagMs: number;
  /** When that call was to be sent, in milliseconds since the beginning. */
  readonly lagAtMs: number;
  /** Of calls that succeeded, from the intended time of sending. */
  readonly latencyMs: Latencies;
  /** Failures of one kind each, the most frequent first. */
  readonly failures: readonly FailureGroup[];
  /** What became of the calls that were to be sent within each interval, in order. */
  readonly intervals: readonly LoadInterval[];
  /** How long the whole took, until the last call had ended. */
  readonly elapsedMs: number;
}

/** Milliseconds that the named share of calls did not exceed; NaN where there was none. */
export interface Latencies {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Failures that have the same code and say the same about execution. */
export interface FailureGroup {
  /** Of a `ServiceError`; the name of any other error. `Unfinished`: it had not ended when nobody waited any longer. */
  readonly code: string;
  /** `no`, `maybe` or `yes`; `unknown` for what is no `ServiceError`. */
  readonly executed: string;
  readonly count: number;
  /** The numbers of the calls, the first 10,000. */
  readonly calls: readonly number[];
  /** The first three messages that differ. */
  readonly samples: readonly string[];
  /** When the first and the last of them were to be sent, in milliseconds since the beginning. */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** The longest of them, from the intended time of sending. */
  readonly slowestMs: number;
}

export interface LoadInterval {
  /** When it began, in milliseconds since the beginning. */
  readonly fromMs: number;
  readonly ok: number;
  readonly failed: number;
  /** Of those that succeeded; NaN where none did. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}
