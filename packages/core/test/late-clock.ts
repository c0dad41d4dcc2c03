import type { CancelTimer, Clock } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';

/** A clock moved by hand in a process whose event loop can be blocked: time passes, and timers come late. */
export class LateClock implements Clock {
  readonly #clock = new FakeClock();
  #blockedMs = 0;

  get pending(): number {
    return this.#clock.pending;
  }

  now(): number {
    return this.#clock.now() + this.#blockedMs;
  }

  wallTime(): number {
    return this.#clock.wallTime() + this.#blockedMs;
  }

  after(delayMs: number, callback: () => void): CancelTimer {
    return this.#clock.after(delayMs, callback);
  }

  advance(ms: number): Promise<void> {
    return this.#clock.advance(ms);
  }

  block(ms: number): void {
    this.#blockedMs += ms;
  }
}
