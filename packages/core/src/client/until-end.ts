import { type Call, type Clock, ServiceError } from '@tenon/contract';

/**
 * Waits for something that knows nothing of the call, no longer than the call lasts.
 *
 * Rejects with `DeadlineExceeded` or `Canceled`, `executed: 'no'`. What was waited for goes on by itself.
 */
export function untilEnd<T>(work: Promise<T>, call: Call, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = onEnd(call, clock, reject);
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

/** Waits between two attempts. Rejects as {@link untilEnd} does. */
export function pause(waitMs: number, call: Call, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const stopEnd = onEnd(call, clock, (error) => {
      cancelTimer();
      reject(error);
    });
    const cancelTimer = clock.after(waitMs, () => {
      stopEnd();
      resolve();
    });
  });
}

function onEnd({ deadline, signal }: Call, clock: Clock, listener: (error: ServiceError) => void): () => void {
  const aborted = (): void => {
    stop();
    listener(
      new ServiceError('Canceled', 'the call was cancelled while it waited', { executed: 'no', cause: signal?.reason }),
    );
  };
  const cancelTimer = clock.after(Math.max(0, deadline - clock.now()), () => {
    stop();
    listener(new ServiceError('DeadlineExceeded', 'the deadline passed while the call waited', { executed: 'no' }));
  });
  const stop = (): void => {
    cancelTimer();
    signal?.removeEventListener('abort', aborted);
  };
  signal?.addEventListener('abort', aborted, { once: true });
  return stop;
}
