import type { Counts } from '../contestants/contestant.js';

/** What a process has used so far, and what it holds. */
export interface Usage {
  readonly cpuMicros: number;
  readonly rssBytes: number;
  /** What is alive after a collection, JavaScript's heap and buffers: only where one was asked for. */
  readonly liveBytes?: number;
  /** Open sockets, timers and the like. */
  readonly resources: number;
  readonly counts?: Counts | undefined;
}

/**
 * This process's usage at this moment.
 *
 * @param collected - after a collection, for which the process must run with --expose-gc. It costs more than a window
 * lasts, and V8 throws away the code it compiled for objects of which it finds none alive: what is timed has none before it.
 */
export function usage(collected: boolean, counts?: () => Counts): Usage {
  if (collected) {
    // Twice: the second round frees what finalizers of the first have let go.
    globalThis.gc?.();
    globalThis.gc?.();
  }
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    cpuMicros: user + system,
    rssBytes: rss,
    ...(collected ? { liveBytes: heapUsed + external } : {}),
    resources: process.getActiveResourcesInfo().length,
    counts: counts?.(),
  };
}
