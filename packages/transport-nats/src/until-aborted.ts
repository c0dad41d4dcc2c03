import { ServiceError } from '@tenon/contract';

/** The outcome of a promise, or `Canceled` as soon as the signal is aborted. What the promise stands for goes on. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  // Seen to here, as nobody else may be left to.
  promise.catch(() => {});
  throwIfAborted(signal);
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(canceled(signal));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}

/** Throws `Canceled` where the signal is aborted already. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw canceled(signal);
}

/** The error of an operation that its caller gave up before it had any effect. */
export function canceled(signal: AbortSignal): ServiceError {
  return new ServiceError('Canceled', 'the operation was aborted', { executed: 'no', cause: signal.reason });
}
