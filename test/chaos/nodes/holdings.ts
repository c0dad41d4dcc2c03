/** What a process holds of the system. Plain data. */
export interface Holdings {
  /** Resident memory after garbage was collected, where the process was started with `--expose-gc`. */
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Sockets that are open, and timers that are armed and keep the process alive. */
  readonly sockets: number;
  readonly timers: number;
}

/** Of this process, now. */
export function holdings(): Holdings {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const active = process.getActiveResourcesInfo();
  return {
    rssBytes: rss,
    heapBytes: heapUsed,
    sockets: active.filter((one) => /^(TCP|UDP)/.test(one)).length,
    timers: active.filter((one) => one === 'Timeout' || one === 'Immediate').length,
  };
}
