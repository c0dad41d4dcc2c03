import type { Counts } from '../contestants/contestant.js';

/** What a process has used so far, and what it holds. */
export interface Usage {
  readonly cpuMicros: number;
  readonly rssBytes: number;
  /** What is alive after a collection, JavaScript's heap and buffers: only where the process runs with --expose-gc. */
  readonly liveBytes?: number;
  /** Open sockets, timers and the like. */
  readonly resources: number;
  readonly counts?: Counts | undefined;
}

/** This process's usage at this moment. */
export function usage(counts?: () => Counts): Usage {
  // Twice: the second round frees what finalizers of the first have let go.
  globalThis.gc?.();
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    cpuMicros: user + system,
    rssBytes: rss,
    ...(globalThis.gc === undefined ? {} : { liveBytes: heapUsed + external }),
    resources: process.getActiveResourcesInfo().length,
    counts: counts?.(),
  };
}
