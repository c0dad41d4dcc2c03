import type { CancelTimer, Clock } from '@tenon/contract';

/** An event loop that goes on by hand, and its clock: what a thread does takes time in which nothing else happens. */
export class LoopByHand implements Clock {
  #now = 0;
  #timers: { readonly at: number; readonly callback: () => void }[] = [];
  #callbacks: (() => void)[] = [];
  /** How often a turn was asked for. */
  turnsAsked = 0;

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): CancelTimer {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  get pending(): number {
    return this.#timers.length;
  }

  readonly afterReads = (callback: () => void): void => {
    this.turnsAsked += 1;
    this.#callbacks.push(callback);
  };

  /** The thread is busy for so long. */
  spend(ms: number): void {
    this.#now += ms;
  }

  /** Goes on to the next turn: timers that are due, then what was asked for in the turn before. */
  turn(ms = 0): void {
    this.#now += ms;
    const due = this.#timers.filter(({ at }) => at <= this.#now);
    this.#timers = this.#timers.filter(({ at }) => at > this.#now);
    for (const { callback } of due) callback();
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    for (const callback of callbacks) callback();
  }

  /** Turns of a millisecond each. */
  turns(count: number): void {
    for (let turn = 0; turn < count; turn += 1) this.turn(1);
  }
}
