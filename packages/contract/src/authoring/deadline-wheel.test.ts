import { afterEach, describe, expect, test, vi } from 'vitest';
import type { CancelTimer, Clock } from '../clock.js';
import { type DeadlineEntry, DeadlineWheel } from './deadline-wheel.js';

/** A clock that is moved by hand, and whose timers fire in the order of time. (The contract can use no other package's.) */
class HandClock implements Clock {
  readonly #timers = new Set<{ readonly at: number; readonly fire: () => void }>();
  #now = 0;

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#now;
  }

  after(delayMs: number, fire: () => void): CancelTimer {
    const timer = { at: this.#now + delayMs, fire };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Moves on without firing, as a busy process does. */
  block(ms: number): void {
    this.#now += ms;
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].sort((one, other) => one.at - other.at);
      if (next === undefined || next.at > end) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.fire();
    }
    this.#now = end;
  }
}

/** A call under way that writes down when its deadline was told. */
class Entry implements DeadlineEntry {
  wheelSlot = -1;
  wheelNext: DeadlineEntry | undefined = undefined;
  wheelPrevious: DeadlineEntry | undefined = undefined;
  /** What else happens then. */
  andThen: () => void = () => {};

  constructor(
    readonly deadline: number,
    private readonly tell: (entry: Entry) => void = () => {},
  ) {}

  onDeadline(): void {
    this.tell(this);
    this.andThen();
  }
}

function setUp() {
  const clock = new HandClock();
  const wheel = new DeadlineWheel(clock);
  const told: { readonly deadline: number; readonly at: number }[] = [];
  const entry = (deadline: number): Entry =>
    new Entry(deadline, (due) => void told.push({ deadline: due.deadline, at: clock.now() }));
  const added = (deadline: number): Entry => {
    const one = entry(deadline);
    wheel.add(one);
    return one;
  };
  return { clock, wheel, told, entry, added };
}

afterEach(() => void vi.restoreAllMocks());

describe('a deadline', () => {
  test.each([0, 1, 15.5, 16, 1_000, 10_000, 16_383.9, 16_384, 40_000])(
    '%d ms away is told when it has passed and not before, once',
    (deadline) => {
      const { clock, wheel, told, added } = setUp();
      added(deadline);
      expect(wheel.size).toBe(1);
      clock.advance(Math.max(0, deadline - 0.1));
      expect(told).toEqual(deadline === 0 ? [{ deadline, at: 0 }] : []);
      clock.advance(0.1);
      expect(told).toEqual([{ deadline, at: deadline }]);
      clock.advance(100_000);
      expect([told.length, wheel.size, clock.pending]).toEqual([1, 0, 0]);
    },
  );

  test('that has passed before is told at the next turn', () => {
    const { clock, told, added } = setUp();
    clock.advance(20_000);
    added(3);
    expect(told).toEqual([]);
    clock.advance(0);
    expect(told).toEqual([{ deadline: 3, at: 20_000 }]);
  });

  test('that is infinite is none', () => {
    const { clock, wheel, added } = setUp();
    const entry = added(Number.POSITIVE_INFINITY);
    expect([wheel.size, clock.pending, entry.wheelSlot]).toEqual([0, 0, -1]);
    wheel.remove(entry);
    expect(wheel.size).toBe(0);
  });

  test('is not told once its entry is taken out, be it the first, the last or between', () => {
    for (const removed of [0, 1, 2]) {
      const { clock, wheel, told, added } = setUp();
      const entries = [added(100), added(101), added(102)];
      wheel.remove(entries[removed] as Entry);
      wheel.remove(entries[removed] as Entry);
      expect(wheel.size).toBe(2);
      clock.advance(1_000);
      expect(told.map(({ deadline }) => deadline)).toEqual([100, 101, 102].filter((_at, index) => index !== removed));
    }
  });

  test('is told in the order of time, whatever the order of adding, at its own time', () => {
    const { clock, told, added } = setUp();
    for (const deadline of [300, 100, 20_000, 109, 101, 200]) added(deadline);
    clock.advance(30_000);
    expect(told).toEqual([100, 101, 109, 200, 300, 20_000].map((deadline) => ({ deadline, at: deadline })));
  });

  test.each([300, 20_000, 40_000])('is told in the order of time also %d ms late, and none is left out', (lateMs) => {
    const { clock, wheel, told, added } = setUp();
    const deadlines = [105, 100, 109, 90, 300, 108, 17_000, 16_490, 250];
    for (const deadline of deadlines) added(deadline);
    clock.block(lateMs);
    clock.advance(0);
    const due = deadlines.filter((deadline) => deadline <= lateMs).sort((one, other) => one - other);
    expect(told).toEqual(due.map((deadline) => ({ deadline, at: lateMs })));
    expect(wheel.size).toBe(deadlines.length - due.length);
    clock.advance(20_000);
    expect(told).toHaveLength(deadlines.length);
  });

  test('of an entry that was taken out can be another, in the same wheel', () => {
    const { clock, wheel, told, added } = setUp();
    const entry = added(100);
    wheel.remove(entry);
    wheel.add(entry);
    expect([wheel.size, entry.wheelSlot >= 0]).toEqual([1, true]);
    clock.advance(100);
    expect(told).toHaveLength(1);
    expect([entry.wheelSlot, entry.wheelNext, entry.wheelPrevious]).toEqual([-1, undefined, undefined]);
  });
});

describe('while a deadline is told', () => {
  test('a neighbour that is taken out is not told', () => {
    const { clock, wheel, told, added } = setUp();
    const [first, second] = [added(100), added(100)];
    first.andThen = () => wheel.remove(second);
    second.andThen = () => wheel.remove(first);
    clock.advance(1_000);
    expect([told.length, wheel.size]).toEqual([1, 0]);
  });

  test('others may be added, also ones that are due at once', () => {
    const { clock, wheel, told, added } = setUp();
    added(100).andThen = () => {
      for (const deadline of [50, 100, 101, 30_000]) added(deadline);
    };
    clock.advance(100);
    expect(told.map(({ deadline }) => deadline)).toEqual([100, 50, 100]);
    clock.advance(30_000);
    expect(told.map(({ deadline }) => deadline)).toEqual([100, 50, 100, 101, 30_000]);
    expect([wheel.size, clock.pending]).toEqual([0, 0]);
  });

  test('its entry is out already, and may be added again under the same deadline', () => {
    const { clock, wheel, told, added } = setUp();
    const entry = added(100);
    const sizes: number[] = [];
    entry.andThen = () => {
      sizes.push(wheel.size);
      if (told.length < 3) wheel.add(entry);
    };
    clock.advance(100);
    expect([told.length, sizes, wheel.size]).toEqual([3, [0, 0, 0], 0]);
  });
});

describe('its timer', () => {
  test('is one, however many entries there are, and is set anew only for an earlier one', () => {
    const { clock, added } = setUp();
    const after = vi.spyOn(clock, 'after');
    for (const deadline of [500, 600, 700, 500]) added(deadline);
    expect([clock.pending, after.mock.calls.length]).toEqual([1, 1]);
    added(400);
    expect([clock.pending, after.mock.calls.map(([delay]) => delay)]).toEqual([1, [500, 400]]);
  });

  test('is not touched by the calls of a busy server, which end before their deadline', () => {
    const { clock, wheel, entry } = setUp();
    const after = vi.spyOn(clock, 'after');
    for (let call = 0; call < 1_000; call += 1) {
      const one = entry(10_000 + call);
      wheel.add(one);
      wheel.remove(one);
    }
    expect(after).toHaveBeenCalledTimes(1);
  });

  test('fires in vain at most once in a while where everything was taken out, and then stops', () => {
    const { clock, wheel, added } = setUp();
    wheel.remove(added(100));
    expect(clock.pending).toBe(1);
    clock.advance(100);
    expect(clock.pending).toBe(0);
  });

  test('may fire early, as real ones do', () => {
    const timers: (() => void)[] = [];
    let now = 0;
    const clock = {
      now: () => now,
      wallTime: () => now,
      after: (_ms: number, fire: () => void) => {
        timers.push(fire);
        return () => {};
      },
    };
    const wheel = new DeadlineWheel(clock);
    const tell = vi.fn();
    wheel.add(new Entry(100, tell));
    now = 99.6;
    timers[0]?.();
    expect(tell).toHaveBeenCalledTimes(1);
  });

  test('stops at close; then nothing is told until an entry is added', () => {
    const { clock, wheel, told, added } = setUp();
    const left = added(100);
    wheel.close();
    wheel.close();
    expect(clock.pending).toBe(0);
    clock.advance(1_000);
    expect([told, wheel.size]).toEqual([[], 1]);
    wheel.remove(left);
    added(1_100);
    clock.advance(100);
    expect(told).toEqual([{ deadline: 1_100, at: 1_100 }]);
  });
});

/** What a wheel must do, done in the dullest way. */
class NaiveModel {
  readonly waiting = new Set<Entry>();

  /** The deadlines that are told until a time, in order. */
  due(now: number): number[] {
    const due = [...this.waiting].filter(({ deadline }) => deadline <= now);
    for (const entry of due) this.waiting.delete(entry);
    return due.map(({ deadline }) => deadline).sort((one, other) => one - other);
  }
}

describe('against a model, in any order of adding, taking out, passing time and closing', () => {
  test.each(Array.from({ length: 40 }, (_none, seed) => seed))('seed %d', (seed) => {
    const random = randomFrom(seed);
    const clock = new HandClock();
    const wheel = new DeadlineWheel(clock);
    const model = new NaiveModel();
    let told: number[] = [];
    const entries: Entry[] = [];
    const add = (within: number): void => {
      const kind = random();
      let deadline = clock.now() + random() * within;
      if (kind < 0.1) deadline = Number.POSITIVE_INFINITY;
      else if (kind < 0.3) deadline = Math.floor(clock.now());
      else if (kind < 0.5) deadline = Math.floor(deadline / 16) * 16;
      else if (kind < 0.6) deadline = entries.at(-1)?.deadline ?? deadline;
      const entry = new Entry(deadline, (due) => void told.push(due.deadline));
      entries.push(entry);
      wheel.add(entry);
      if (deadline !== Number.POSITIVE_INFINITY) model.waiting.add(entry);
    };
    const remove = (): void => {
      const entry = entries[Math.floor(random() * entries.length)];
      if (entry === undefined) return;
      wheel.remove(entry);
      model.waiting.delete(entry);
    };

    for (let step = 0; step < 150; step += 1) {
      const choice = random();
      if (choice < 0.5) add(40_000);
      else if (choice < 0.7) remove();
      else if (choice < 0.72) {
        wheel.close();
        for (const entry of model.waiting) wheel.remove(entry);
        model.waiting.clear();
      } else {
        if (random() < 0.3) clock.block(random() * 30_000);
        clock.advance(random() < 0.5 ? random() * 50 : random() * 20_000);
        expect(told).toEqual(model.due(clock.now()));
        told = [];
      }
      expect(wheel.size).toBe(model.waiting.size);
      expect(clock.pending).toBeLessThanOrEqual(1);
      if (model.waiting.size > 0) expect(clock.pending).toBe(1);
    }
    clock.advance(50_000);
    expect(told).toEqual(model.due(clock.now()));
    expect([wheel.size, clock.pending]).toEqual([0, 0]);
  });

  test.each(Array.from({ length: 20 }, (_none, seed) => seed))(
    'seed %d, where what is told adds and takes out others',
    (seed) => {
      const random = randomFrom(seed + 1_000);
      const clock = new HandClock();
      const wheel = new DeadlineWheel(clock);
      const waiting = new Set<Entry>();
      let [added, told, taken] = [0, 0, 0];
      const add = (): void => {
        if (added >= 400) return;
        added += 1;
        const entry = new Entry(clock.now() + random() * (random() < 0.3 ? 20 : 40_000), (due) => {
          told += 1;
          // Told once, out of the wheel, and neither early nor late.
          expect([waiting.delete(due), due.wheelSlot, due.deadline]).toEqual([true, -1, clock.now()]);
          if (random() < 0.6) add();
          if (random() < 0.3) remove();
        });
        waiting.add(entry);
        wheel.add(entry);
      };
      const remove = (): void => {
        const entry = [...waiting][Math.floor(random() * waiting.size)];
        if (entry === undefined) return;
        taken += 1;
        waiting.delete(entry);
        wheel.remove(entry);
      };
      for (let step = 0; step < 40; step += 1) {
        for (let count = 0; count < 5; count += 1) add();
        if (random() < 0.5) remove();
        clock.advance(random() * 3_000);
        expect(wheel.size).toBe(waiting.size);
        for (const entry of waiting) expect(entry.deadline).toBeGreaterThan(clock.now());
      }
      // What is told adds others, so it takes a while until none is left.
      for (let turn = 0; turn < 400 && waiting.size > 0; turn += 1) clock.advance(40_000);
      clock.advance(20_000);
      expect([wheel.size, clock.pending, told + taken]).toEqual([0, 0, added]);
      expect(told).toBeGreaterThan(50);
    },
  );
});

/** The same numbers in every run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
