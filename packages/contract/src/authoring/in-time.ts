import type { Clock } from '../clock.js';
import { ServiceError } from '../service-error.js';

/** What a promise brings, or `Unavailable`, `executed: 'no'`, where it takes longer. What the promise stands for goes on. */
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
