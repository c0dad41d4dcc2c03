import { describe, expect, test } from 'vitest';
import { GradientLimit } from './gradient-limit.js';

/** A limit, and calls that keep so many of it under way and take so long, sampled every ten milliseconds. */
function limitUnder(options = { initial: 200, min: 16, max: 1_000 }) {
  const limit = new GradientLimit(options);
  let now = 0;
  const load = (seconds: number, tookMs: number, underWay: (limit: number) => number): number => {
    const end = now + seconds * 1_000;
    for (; now < end; now += 10) limit.sample(tookMs, underWay(limit.limit), now);
    return limit.limit;
  };
  return { limit, load };
}

const all = (limit: number): number => limit;
const few = (): number => 20;

describe('a dependency that becomes ten times slower', () => {
  test('lowers the limit within 3 seconds, and once it is well again the limit is back within 20', () => {
    const { load } = limitUnder();
    expect(load(10, 10, (limit) => limit / 3)).toBe(200);
    expect(load(3, 100, all)).toBeLessThan(50);
    expect(load(17, 100, all)).toBeLessThan(100);
    expect(load(20, 10, all)).toBeGreaterThanOrEqual(180);
  });

  test('lets the limit come back to where it began also where few calls run', () => {
    const { load } = limitUnder();
    load(10, 10, few);
    expect(load(3, 100, all)).toBeLessThan(50);
    expect(load(20, 10, few)).toBe(200);
  });

  test('changes nothing while fewer than half of the limit run', () => {
    const { load } = limitUnder();
    load(10, 10, few);
    expect(load(20, 30, (limit) => limit / 2 - 1)).toBe(200);
    expect(load(20, 100, few)).toBe(200);
  });

  test('halves the limit window by window while many calls run, down to what runs', () => {
    const { load } = limitUnder({ initial: 1_000, min: 16, max: 10_000 });
    load(10, 10, few);
    expect(load(0.1, 100, () => 300)).toBe(300);
    expect(load(0.1, 100, () => 150)).toBe(75);
  });
});

test('a long overload is not taken for the usual', () => {
  const { load } = limitUnder({ initial: 100, min: 16, max: 1_000 });
  load(10, 10, few);
  load(10, 1_000, all);
  expect(load(1, 100, all)).toBeLessThan(30);
});

test('of calls that wait for a dependency with room for eight hardly more than twice as many run, however long it goes on', () => {
  const { limit, load } = limitUnder({ initial: 100, min: 1, max: 1_000 });
  load(10, 10, few);
  for (let window = 0; window < 300; window += 1) load(0.05, (limit.limit / 8) * 10, all);
  expect(limit.limit).toBeGreaterThan(12);
  expect(limit.limit).toBeLessThanOrEqual(20);
});

test('the limit grows while all of it is used and calls take no longer, up to its maximum', () => {
  const { load } = limitUnder();
  expect(load(1, 10, all)).toBeGreaterThan(200);
  expect(load(60, 10, all)).toBe(1_000);
});

test('the limit never falls below its minimum', () => {
  const { load } = limitUnder();
  load(10, 1, few);
  for (let tookMs = 100; tookMs < 1e6; tookMs *= 10) expect(load(5, tookMs, all)).toBeGreaterThanOrEqual(16);
});

test('what varies by half is chance, and leaves the limit alone', () => {
  const { load } = limitUnder({ initial: 200, min: 16, max: 200 });
  for (let round = 0; round < 50; round += 1) {
    load(0.1, 10, all);
    expect(load(0.1, 14, all)).toBe(200);
  }
});

test('a fixed limit stays, and says that it wants no times', () => {
  const { limit, load } = limitUnder({ initial: 5, min: 5, max: 5 });
  load(5, 10, all);
  expect([load(5, 1_000, all), limit.fixed]).toEqual([5, true]);
});
