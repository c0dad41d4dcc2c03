import { type Clock, ServiceError } from '@tenon/contract';

/** The outcome of a promise, or `Unavailable` after so long. What it stands for goes on. The client's own timeouts are of silence alone. */
export async function inTime<T>(promise: Promise<T>, timeoutMs: number, clock: Clock): Promise<T> {
  let cancel = (): void => {};
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(timeoutMs, () => {
      reject(new ServiceError('Unavailable', `no answer within ${timeoutMs} ms`, { executed: 'no' }));
    });
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    cancel();
  }
}
