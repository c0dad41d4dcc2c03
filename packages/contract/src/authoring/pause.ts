import type { Clock } from '../clock.js';

/** A wait that can be cut short: how a loop sleeps and is still stopped, or told to hurry, at once. */
export class Pause {
  readonly #clock: Clock;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after `delayMs`, or when it is woken. One wait at a time. */
  for(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(delayMs, () => this.wake());
      this.#wake = () => {
        this.#wake = undefined;
        cancel();
        resolve();
      };
    });
  }

  /** Ends the wait that is going on, if there is one. */
  wake(): void {
    this.#wake?.();
  }
}
