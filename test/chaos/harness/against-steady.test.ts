import type { LoadResult } from '@tenon/testing/open-loop-load';
import { expect, test } from 'vitest';
import { againstSteady } from './against-steady.js';
import { VoidRun } from './row.js';

/** A load with that p99, whose seconds had these. */
function load(p99: number, seconds: readonly number[] = [p99]): LoadResult {
  return { latencyMs: { p99 }, intervals: seconds.map((p99Ms) => ({ p99Ms })) } as unknown as LoadResult;
}

test('within the bar of the lower steady p99 passes, whatever the higher one is', () => {
  expect(againstSteady(load(2.2), { before: load(2), after: load(9), bar: 1.1 }).isWithin).toBe(true);
});

test('between two steady p99s that differ by more than the bar says nothing', () => {
  expect(() => againstSteady(load(5), { before: load(2), after: load(9), bar: 1.1 })).toThrow(VoidRun);
  expect(againstSteady(load(2.25), { before: load(2), after: load(2.1), bar: 1.1 }).isWithin).toBe(true);
});

test('beyond the bar in most seconds fails, and in a few says nothing', () => {
  const steady = { before: load(2), after: load(2.1), bar: 1.1 };
  expect(againstSteady(load(4, [4, 4, 2, 4, 4]), steady)).toMatchObject({
    isWithin: false,
    figure: expect.stringMatching(/1\.90× of 2\.1 ms.*typical second 4\.0 ms/),
  });
  expect(() => againstSteady(load(4, [2, 2, 90, 2, 2]), steady)).toThrow(VoidRun);
});
