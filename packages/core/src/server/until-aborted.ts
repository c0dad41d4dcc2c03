/** Waits for some work, or for the signal: then calls `onAbort` and resolves without the work, which goes on by itself. */
export function untilAborted(work: Promise<void>, signal: AbortSignal, onAbort: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => {
      onAbort();
      resolve();
    };
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}
