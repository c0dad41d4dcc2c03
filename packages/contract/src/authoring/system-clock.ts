import type { CancelTimer, Clock } from '../clock.js';

/** The clock of this machine: monotonic time from `performance.now()`, timers that do not keep the process alive. */
export function systemClock(): Clock {
  return new SystemClock();
}

class SystemClock implements Clock {
  /** Asked for once: the global of that name is an accessor, which costs as much as reading the time. */
  readonly #performance = performance;

  now(): number {
    return this.#performance.now();
  }

  wallTime(): number {
    return Date.now();
  }

  after(delayMs: number, callback: () => void): CancelTimer {
    if (delayMs === Number.POSITIVE_INFINITY) return () => {};
    // Node fires a timer that is over its limit at once; such a long wait is re-armed in pieces instead.
    if (delayMs > longestTimerMs) {
      let cancel = this.after(longestTimerMs, () => {
        cancel = this.after(delayMs - longestTimerMs, callback);
      });
      return () => cancel();
    }
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  }
}

const longestTimerMs = 2 ** 31 - 1;
