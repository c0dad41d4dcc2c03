import { type Call, type Clock, ServiceError } from '@tenon/contract';

/**
 * Waits for something that knows nothing of the call, no longer than the call lasts.
 *
 * Rejects with `DeadlineExceeded` or `Canceled`, `executed: 'no'`. What was waited for goes on by itself.
 *
 * @param onGiveUp - told then, with what goes on, so that its late result can be given back.
 */
export function untilEnd<T>(
  work: Promise<T>,
  call: Call,
  clock: Clock,
  onGiveUp: (late: Promise<T>) => void = () => {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = onEnd(call, clock, (error) => {
      reject(error);
      onGiveUp(work);
    });
    work.then(
      (value) => {
        stop();
        resolve(value);
      },
      (thrown) => {
        stop();
        reject(thrown);
      },
    );
  });
}

/** Waits between two attempts. Rejects as {@link untilEnd} does, also where the call was cancelled before. */
export function pause(waitMs: number, call: Call, clock: Clock): Promise<void> {
  if (waitMs === 0 && call.signal?.aborted !== true) return Promise.resolve();
  let cancelTimer = (): void => {};
  const waited = new Promise<void>((resolve) => {
    cancelTimer = clock.after(waitMs, resolve);
  });
  return untilEnd(waited, call, clock, () => cancelTimer());
}

/**
 * Calls `listener` once when the call is cancelled or its deadline passes; at once if it was cancelled before. Returns
 * the function that stops it, which leaves no timer and no listener behind.
 */
export function onEnd({ deadline, signal }: Call, clock: Clock, listener: (error: ServiceError) => void): () => void {
  const canceled = (): ServiceError =>
    new ServiceError('Canceled', 'the call was cancelled', { executed: 'no', cause: signal?.reason });
  if (signal?.aborted === true) {
    listener(canceled());
    return () => {};
  }
  const aborted = (): void => {
    stop();
    listener(canceled());
  };
  const cancelTimer = clock.after(Math.max(0, deadline - clock.now()), () => {
    stop();
    listener(new ServiceError('DeadlineExceeded', 'the deadline of the call passed', { executed: 'no' }));
  });
  const stop = (): void => {
    cancelTimer();
    signal?.removeEventListener('abort', aborted);
  };
  signal?.addEventListener('abort', aborted, { once: true });
  return stop;
}
