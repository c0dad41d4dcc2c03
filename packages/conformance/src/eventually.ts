import assert from 'node:assert/strict';

/** How long to wait, and how often to look. */
export interface WaitOptions {
  /** The bound, in milliseconds. A wait that reaches it fails with the last failure of the check. */
  readonly withinMs: number;
  /** Default 10 ms. */
  readonly everyMs?: number | undefined;
}

/**
 * Repeats a check until it passes, and resolves with what it returned.
 *
 * A check passes when it returns (or resolves) without throwing. One that is still pending at the bound counts as failed.
 */
export async function eventually<T>(check: () => Promise<T> | T, options: WaitOptions): Promise<T> {
  const end = performance.now() + options.withinMs;
  for (;;) {
    const left = end - performance.now();
    try {
      return await within(check(), Math.max(left, 1), 'a check');
    } catch (failure) {
      if (performance.now() >= end) throw failure;
    }
    await pause(options.everyMs ?? 10);
  }
}

/** The same promise with a bound: fails, naming what was awaited, when it is still pending after `withinMs`. */
export async function within<T>(promise: Promise<T> | T, withinMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<never>((_, reject) => {
    const message = `${what} was still pending after ${Math.round(withinMs)} ms`;
    // An error made for every wait would cost more than most waits.
    timer = setTimeout(() => reject(new assert.AssertionError({ message })), withinMs);
  });
  try {
    return await Promise.race([promise, bound]);
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
