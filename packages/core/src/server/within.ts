import type { Clock } from '@tenon/contract';

/** Waits for a while, or for the signal. */
export function untilTime(waitMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancelTimer();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancelTimer = clock.after(waitMs, done);
    if (signal.aborted) done();
    else signal.addEventListener('abort', done, { once: true });
  });
}

/** Waits for some work, for so long at most. Resolves with whether it has ended; work that has not goes on by itself. */
export function within(limitMs: number, clock: Clock, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const cancelTimer = clock.after(limitMs, () => resolve(false));
    work.then(() => resolve(true), reject).finally(cancelTimer);
  });
}
