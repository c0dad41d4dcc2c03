import type { Clock } from '../clock.js';

/** Those who wait for a sign of life of a peer: what a transport needs to offer `Connection.probe`. */
export class LifeSigns {
  readonly #clock: Clock;
  readonly #waiting = new Set<(alive: boolean) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether anybody waits. */
  get awaited(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * Resolves with true at the next sign, with false where none comes within `timeoutMs` or `end` is called before. What has
   * arrived by then, but was not read because this process was busy, still counts.
   *
   * @param unreported - asked when the time is over: whether there was a sign that nobody told of by `heard`.
   */
  within(timeoutMs: number, unreported: () => boolean = nothing): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (alive: boolean): void => {
        cancel();
        this.#waiting.delete(settle);
        resolve(alive);
      };
      // Sockets are read between timers and immediates.
      const late = (): void => {
        setImmediate(() => {
          if (this.#waiting.has(settle)) settle(unreported());
        });
      };
      const cancel = this.#clock.after(timeoutMs, late);
      this.#waiting.add(settle);
    });
  }

  /** The peer gave a sign of life. */
  heard(): void {
    this.#settle(true);
  }

  /** No sign will come any more. */
  end(): void {
    this.#settle(false);
  }

  #settle(alive: boolean): void {
    for (const settle of [...this.#waiting]) settle(alive);
  }
}

function nothing(): boolean {
  return false;
}
