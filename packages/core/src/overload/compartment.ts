/** Calls of one sort: so many run, and some wait for one of them to end, in the order in which they came. */
export class Compartment {
  readonly #maxRunning: number;
  readonly #maxWaiting: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(maxRunning: number, maxWaiting: number) {
    this.#maxRunning = maxRunning;
    this.#maxWaiting = maxWaiting;
  }

  /** Whether there is room neither to run nor to wait. */
  get full(): boolean {
    return this.#running >= this.#maxRunning && this.#waiting.size >= this.#maxWaiting;
  }

  get empty(): boolean {
    return this.#running === 0 && this.#waiting.size === 0;
  }

  /** Begins a call. Returns whether it may run; else it waits for its `turn`. */
  enter(): boolean {
    if (this.#running >= this.#maxRunning) return false;
    this.#running += 1;
    return true;
  }

  /** Resolves when the call may run. Rejects with the signal's reason where its caller left, or its time ran out, before. */
  turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.delete(begin);
        reject(signal.reason);
      };
      const begin = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      this.#waiting.add(begin);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** A call that ran is over: whoever has waited longest runs in its place. */
  leave(): void {
    for (const begin of this.#waiting) {
      this.#waiting.delete(begin);
      begin();
      return;
    }
    this.#running -= 1;
  }
}
