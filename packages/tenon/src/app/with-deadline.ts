import { type Clock, ServiceError } from '@tenon/contract';

/**
 * Runs one named step with a time limit.
 *
 * The step gets a signal that is aborted at the limit, or with `signal`. A step that ignores it is left behind: the
 * caller goes on with a `DeadlineExceeded` that names the step.
 */
export async function withDeadline<T>(
  name: string,
  limitMs: number,
  clock: Clock,
  signal: AbortSignal | undefined,
  step: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const give = (error: ServiceError): void => {
      controller.abort(error);
      reject(error);
    };
    const aborted = (): void => give(ServiceError.from(signal?.reason, { code: 'Canceled', executed: 'maybe' }));
    const cancelTimer = clock.after(limitMs, () =>
      give(new ServiceError('DeadlineExceeded', `${name} took longer than ${limitMs} ms`)),
    );
    const done = (): void => {
      cancelTimer();
      signal?.removeEventListener('abort', aborted);
    };
    if (signal?.aborted === true) aborted();
    else signal?.addEventListener('abort', aborted, { once: true });
    Promise.resolve()
      .then(() => step(controller.signal))
      .then(resolve, reject)
      .finally(done);
  });
}
