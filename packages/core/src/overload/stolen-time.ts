import { performance } from 'node:perf_hooks';

/**
 * Milliseconds in which this thread wanted to run and others had the processor: the time less that in which it ran or had nothing
 * to do, counted from any beginning. Where the system tells only of the whole process, its other threads hide some of it.
 */
export function stolenMs(): number {
  const { user, system } = usage();
  return performance.now() - performance.eventLoopUtilization().idle - (user + system) / 1_000;
}

/** Of this thread alone where Node.js tells it, which it does since 23.9. */
function usage(): NodeJS.CpuUsage {
  const { threadCpuUsage } = process as { readonly threadCpuUsage?: () => NodeJS.CpuUsage };
  return threadCpuUsage?.call(process) ?? process.cpuUsage();
}

/** What was taken of a thread's time since it began, as it was when somebody looked last. It never shrinks. */
export class StolenTime {
  readonly #source: () => number;
  readonly #atFirst: number;
  #ms = 0;

  constructor(source: () => number) {
    this.#source = source;
    this.#atFirst = source();
  }

  get ms(): number {
    return this.#ms;
  }

  /** Looks again; costs about a microsecond. */
  look(): number {
    this.#ms = Math.max(this.#ms, this.#source() - this.#atFirst);
    return this.#ms;
  }
}
