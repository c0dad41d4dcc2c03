import { performance } from 'node:perf_hooks';

/** The longest time for which an event loop did not turn, and how much of it the process computed. */
export interface Stall {
  readonly ms: number;
  /** CPU time of the whole process meanwhile. Little of it: the machine was busy with others. */
  readonly ownCpuMs: number;
  /** When it ended, in milliseconds since the watch began. */
  readonly atMs: number;
}

/** Looks every few milliseconds, and tells whose fault a stall was: that of the process or that of its neighbours. */
export class StallWatch {
  readonly #began = performance.now();
  readonly #timer: NodeJS.Timeout;
  #longest: Stall = { ms: 0, ownCpuMs: 0, atMs: 0 };
  #lastAt = performance.now();
  #lastCpu = process.cpuUsage();

  constructor() {
    this.#timer = setInterval(() => this.#look(), everyMs).unref();
  }

  /** Ends the watch. */
  stop(): Stall {
    this.#look();
    clearInterval(this.#timer);
    return this.#longest;
  }

  /** The longest since this was asked last; the watch goes on. */
  take(): Stall {
    this.#look();
    const longest = this.#longest;
    this.#longest = { ms: 0, ownCpuMs: 0, atMs: 0 };
    return longest;
  }

  #look(): void {
    const now = performance.now();
    const cpu = process.cpuUsage();
    const ms = Math.max(0, now - this.#lastAt - everyMs);
    if (ms > this.#longest.ms) {
      const ownCpuMs = (cpu.user - this.#lastCpu.user + cpu.system - this.#lastCpu.system) / 1_000;
      this.#longest = { ms, ownCpuMs, atMs: now - this.#began };
    }
    this.#lastAt = now;
    this.#lastCpu = cpu;
  }
}

const everyMs = 5;
