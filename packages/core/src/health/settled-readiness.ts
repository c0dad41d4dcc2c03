import type { CancelTimer, Clock } from '@tenon/contract';

/** How long readiness must have been another until that counts. */
export interface SettlingTimes {
  readonly leaveAfterMs: number;
  readonly returnAfterMs: number;
}

/** Who is asked for readiness, and told of what counts. */
export interface ReadinessOwner {
  /** The time for a change is over: `see` is to be told what readiness is now. */
  onDue(): void;
  /** A change counts. */
  onSettled(ready: boolean): void;
}

/** Readiness without its flapping: a change counts once it has stood for its time, and still does then. */
export class SettledReadiness {
  readonly #clock: Clock;
  readonly #times: SettlingTimes;
  readonly #owner: ReadinessOwner;
  #settled = true;
  #changedAt: number | undefined;
  #cancelDue: CancelTimer | undefined;

  constructor(clock: Clock, times: SettlingTimes, owner: ReadinessOwner) {
    this.#clock = clock;
    this.#times = times;
    this.#owner = owner;
  }

  /** Tells what it is now. */
  see(ready: boolean): void {
    if (ready === this.#settled) {
      this.stop();
      return;
    }
    const now = this.#clock.now();
    const { leaveAfterMs, returnAfterMs } = this.#times;
    this.#changedAt ??= now;
    const leftMs = this.#changedAt + (ready ? returnAfterMs : leaveAfterMs) - now;
    // Timers of the platform may fire a fraction of a millisecond early.
    if (leftMs < 1) {
      this.stop();
      this.#settled = ready;
      this.#owner.onSettled(ready);
    } else {
      this.#cancelDue ??= this.#clock.after(leftMs, () => {
        this.#cancelDue = undefined;
        this.#owner.onDue();
      });
    }
  }

  /** A change that does not count yet never will. */
  stop(): void {
    this.#cancelDue?.();
    this.#cancelDue = undefined;
    this.#changedAt = undefined;
  }
}
