import { expect, test } from 'vitest';
import type { Clock } from '../clock.js';
import { LifeSigns } from './life-signs.js';

/** Timers that fire when the test says so. */
function handClock(): { readonly clock: Clock; readonly timers: Map<number, () => void> } {
  const timers = new Map<number, () => void>();
  const clock: Clock = {
    now: () => 0,
    wallTime: () => 0,
    after: (delayMs, callback) => {
      timers.set(delayMs, callback);
      return () => void timers.delete(delayMs);
    },
  };
  return { clock, timers };
}

test('a sign is told to everybody who waits, and leaves no timer', async () => {
  const { clock, timers } = handClock();
  const signs = new LifeSigns(clock);
  const both = [signs.within(1_000), signs.within(2_000)];
  expect(signs.awaited).toBe(true);
  signs.heard();
  expect(await Promise.all(both)).toEqual([true, true]);
  expect(signs.awaited).toBe(false);
  expect(timers.size).toBe(0);
});

test('without a sign each waits for its own time', async () => {
  const { clock, timers } = handClock();
  const signs = new LifeSigns(clock);
  const short = signs.within(100);
  const long = signs.within(200);
  timers.get(100)?.();
  expect(await short).toBe(false);
  expect(signs.awaited).toBe(true);
  signs.heard();
  expect(await long).toBe(true);
});

test('a sign that is read in the turn in which the time is over counts', async () => {
  const { clock, timers } = handClock();
  const signs = new LifeSigns(clock);
  const answer = signs.within(100);
  timers.get(100)?.();
  signs.heard();
  expect(await answer).toBe(true);
});

test('what nobody told of counts when the time is over', async () => {
  const { clock, timers } = handClock();
  const signs = new LifeSigns(clock);
  const answer = signs.within(100, () => true);
  timers.get(100)?.();
  expect(await answer).toBe(true);
});

test('the end is no sign, and leaves no timer', async () => {
  const { clock, timers } = handClock();
  const signs = new LifeSigns(clock);
  const answer = signs.within(60_000);
  signs.end();
  expect(await answer).toBe(false);
  expect(timers.size).toBe(0);
});
