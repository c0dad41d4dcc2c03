import type { CancelTimer, Clock } from '@tenon/contract';

/**
 * A clock that stands still until it is moved by hand.
 *
 * `advance` fires timers in the order of their times and lets promises settle in between, so that what a timer starts can
 * set the next timer within the same advance. Waiting for real I/O is not simulated: use it with memory providers.
 */
export class FakeClock implements Clock {
  #now: number;
  readonly #startedAt: number;
  readonly #timers = new Map<number, FakeTimer>();
  #nextId = 0;

  /** @param startMs - the wall time at the beginning, in milliseconds since 1970. Default 2026-01-01T00:00:00Z. */
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#startedAt = startMs;
    this.#now = 0;
  }

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#startedAt + this.#now;
  }

  after(delayMs: number, callback: () => void): CancelTimer {
    if (delayMs === Number.POSITIVE_INFINITY) return () => {};
    const id = this.#nextId++;
    this.#timers.set(id, { at: this.#now + Math.max(0, delayMs), id, callback });
    return () => void this.#timers.delete(id);
  }

  /** Timers that wait. Zero after everything was closed: a test of leaks. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time on by `ms`, firing what becomes due, and resolves when what that started has settled. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let timer = this.#earliest(end); timer !== undefined; timer = this.#earliest(end)) {
      this.#timers.delete(timer.id);
      this.#now = Math.max(this.#now, timer.at);
      timer.callback();
      // Timers of the same moment fire before anything is waited for, as they do in one turn of the real loop.
      if (this.#earliest(this.#now) === undefined) await settle();
    }
    this.#now = end;
    await settle();
  }

  #earliest(end: number): FakeTimer | undefined {
    let earliest: FakeTimer | undefined;
    for (const timer of this.#timers.values()) {
      if (timer.at > end) continue;
      if (earliest === undefined || timer.at < earliest.at || (timer.at === earliest.at && timer.id < earliest.id))
        earliest = timer;
    }
    return earliest;
  }
}

interface FakeTimer {
  readonly at: number;
  readonly id: number;
  readonly callback: () => void;
}

/** Lets promise chains and `setImmediate` callbacks run: a turn or two of the loop, no real time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
