import type { CancelTimer, Clock } from '../clock.js';

/** Something with a deadline: a call under way. The last three fields belong to the wheel that it is in. */
export interface DeadlineEntry {
  /** In milliseconds of `Clock.now()`. Must not change while the entry is in a wheel. */
  readonly deadline: number;
  /** Called once when the deadline has passed and the entry has left the wheel. Must not throw. */
  onDeadline(): void;
  /** Start with -1. */
  wheelSlot: number;
  /** Start with undefined. */
  wheelNext: DeadlineEntry | undefined;
  /** Start with undefined. */
  wheelPrevious: DeadlineEntry | undefined;
}

/**
 * The deadlines of many calls behind one timer. Adding and removing an entry allocates nothing and takes some ten
 * nanoseconds, where a timer of its own takes most of a microsecond: nearly every deadline is removed unused.
 *
 * A hashed timing wheel (Varghese and Lauck, 1987, scheme 6) whose one timer is set to the earliest deadline there may be.
 */
export class DeadlineWheel {
  readonly #clock: Clock;
  readonly #slots: (DeadlineEntry | undefined)[] = new Array(slotCount).fill(undefined);
  #size = 0;
  #armedFor = Number.POSITIVE_INFINITY;
  #cancelTimer: CancelTimer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many entries it has. */
  get size(): number {
    return this.#size;
  }

  /** Adds an entry that is in no wheel. One without a deadline (`Infinity`) is left out. */
  add(entry: DeadlineEntry): void {
    const { deadline } = entry;
    if (deadline === Number.POSITIVE_INFINITY) return;
    const slot = slotOf(deadline);
    const first = this.#slots[slot];
    entry.wheelSlot = slot;
    entry.wheelNext = first;
    if (first !== undefined) first.wheelPrevious = entry;
    this.#slots[slot] = entry;
    this.#size += 1;
    if (deadline < this.#armedFor) this.#arm(deadline);
  }

  /** Takes an entry out. Does nothing where it is in no wheel. */
  remove(entry: DeadlineEntry): void {
    if (entry.wheelSlot < 0) return;
    const { wheelNext, wheelPrevious } = entry;
    if (wheelPrevious === undefined) this.#slots[entry.wheelSlot] = wheelNext;
    else wheelPrevious.wheelNext = wheelNext;
    if (wheelNext !== undefined) wheelNext.wheelPrevious = wheelPrevious;
    entry.wheelSlot = -1;
    entry.wheelNext = undefined;
    entry.wheelPrevious = undefined;
    this.#size -= 1;
  }

  /** Stops the timer. Entries that are left hear nothing until another is added, which starts it again. */
  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #arm(deadline: number): void {
    this.#cancelTimer?.();
    this.#armedFor = deadline;
    this.#cancelTimer = this.#clock.after(Math.max(0, deadline - this.#clock.now()), this.#onTimer);
  }

  readonly #onTimer = (): void => {
    const from = this.#armedFor;
    this.#cancelTimer = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
    // Timers may fire a fraction of a millisecond early.
    const now = Math.max(from, this.#clock.now());
    for (const entry of this.#due(from, now)) {
      // A neighbour's listener may have taken it out.
      if (entry.wheelSlot < 0) continue;
      this.remove(entry);
      entry.onDeadline();
    }
    const next = this.#earliest(now);
    if (next < this.#armedFor) this.#arm(next);
  };

  /** What is due, in slots that the time since `from` has passed over. */
  #due(from: number, now: number): DeadlineEntry[] {
    const due: DeadlineEntry[] = [];
    const slots = Math.min(slotCount, Math.floor(now / slotMs) - Math.floor(from / slotMs) + 1);
    for (let offset = 0; offset < slots; offset += 1) {
      for (let entry = this.#slots[slotOf(from + offset * slotMs)]; entry !== undefined; entry = entry.wheelNext) {
        if (entry.deadline <= now) due.push(entry);
      }
    }
    return due.sort((one, other) => one.deadline - other.deadline);
  }

  /** The earliest deadline within one turn of the wheel, else the end of that turn: nothing can be due before it. */
  #earliest(now: number): number {
    if (this.#size === 0) return Number.POSITIVE_INFINITY;
    const turnEnd = (Math.floor(now / slotMs) + slotCount) * slotMs;
    for (let offset = 0; offset < slotCount; offset += 1) {
      let earliest = turnEnd;
      for (let entry = this.#slots[slotOf(now + offset * slotMs)]; entry !== undefined; entry = entry.wheelNext) {
        if (entry.deadline < earliest) earliest = entry.deadline;
      }
      if (earliest < turnEnd) return earliest;
    }
    return turnEnd;
  }
}

/** 1,024 slots of 16 ms are a turn of 16 s, longer than the default deadline. */
const slotCount = 1_024;
const slotMs = 16;

function slotOf(time: number): number {
  return Math.floor(Math.max(0, time) / slotMs) % slotCount;
}
