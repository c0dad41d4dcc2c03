import { ServiceError } from '../service-error.js';

/**
 * The outcome of some work, or a rejection with `Canceled` as soon as the signal aborts: work that has begun goes on
 * unattended, work under a signal that is aborted already does not begin.
 */
export async function orAborted<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (signal === undefined) return work();
  if (signal.aborted) throw canceled(signal);
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(canceled(signal));
  });
  signal.addEventListener('abort', stop);
  try {
    return await Promise.race([aborted, work()]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function canceled({ reason }: AbortSignal): ServiceError {
  return new ServiceError('Canceled', 'the call was aborted', { executed: 'no', cause: reason });
}
