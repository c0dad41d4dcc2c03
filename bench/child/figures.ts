import type { Counts } from '../contestants/contestant.js';

/** Latency of one load, in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** What one contestant did in one window, as its client process saw it. */
export interface Figures {
  /** Calls, messages or connections, whatever the task is about. */
  readonly operations: number;
  readonly seconds: number;
  /** Per operation. The broker's only where there is one. */
  readonly clientCpuMicros: number;
  readonly serverCpuMicros: number;
  readonly brokerCpuMicros?: number | undefined;
  readonly clientRssBytes: number;
  readonly serverRssBytes: number;
  /** Of each load, in the task's order. */
  readonly latencies: readonly Latency[];
  /** Of each load, in the task's order: operations a second. */
  readonly rates: readonly number[];
  /** What is held alive for each operation, after a collection: connections and streams only. */
  readonly clientLiveBytes?: number;
  readonly serverLiveBytes?: number;
  readonly checked?: CheckedCounts;
  readonly soak?: SoakFigures;
}

/** What parts of the framework ran within the window, beside what was asked of it. */
export interface CheckedCounts {
  readonly calls: number;
  readonly refused: number;
  readonly parts: Counts;
}

/** Live memory over time, and what was open once everything had been closed. */
export interface SoakFigures {
  readonly samples: readonly { readonly atMs: number; readonly clientBytes: number; readonly serverBytes: number }[];
  readonly callsByKind: Counts;
  /** Open resources before connecting and after closing, client; after connecting and at rest, server. */
  readonly clientResources: readonly [before: number, after: number];
  readonly serverResources: readonly [before: number, after: number];
}
