import { expect, test } from 'vitest';
import { choiceMs } from '../nodes/choices.js';
import type { LoadFindings, SlowCall } from '../nodes/orders.js';
import { attemptsOn, inUseFor, overtimeMs, shareOfAttempts } from './rotation.js';

/** Attempts on `a:1`, one at each of these times in milliseconds, beside ten on `b:1` in each piece of a second. */
function findings(...atMs: readonly number[]): LoadFindings {
  const pieces = 1_000 / choiceMs;
  const a = Array.from({ length: pieces }, (_, index) => {
    return atMs.filter((at) => Math.floor(at / choiceMs) === index).length;
  });
  return { choices: { 'a:1': a, 'b:1': a.map(() => 10) } } as Partial<LoadFindings> as LoadFindings;
}

test('a share of attempts counts from a time on', () => {
  const load = findings(0, 1, 2, 500, 520, 900);
  expect(attemptsOn(load, 'a:1')).toBe(6);
  expect(attemptsOn(load, 'a:1', 500)).toBe(3);
  expect(shareOfAttempts(load, 'a:1', 500)).toBeCloseTo(3 / 253, 6);
  expect([shareOfAttempts(load, 'c:1'), attemptsOn(load, 'c:1')]).toEqual([0, 0]);
});

test('an address is in use until the last attempt on it that is not alone', () => {
  expect(inUseFor(findings(100, 110, 180), 'a:1', 100)).toBe(100);
  expect(inUseFor(findings(100, 101, 800), 'a:1', 100)).toBe(20);
  expect(inUseFor(findings(100, 600, 760), 'a:1', 100)).toBe(680);
  expect(inUseFor(findings(100, 101), 'a:1', 400)).toBe(0);
  expect(inUseFor(findings(), 'a:1', 0)).toBe(0);
});

test('the most by which a call exceeded its deadline, failed or not', () => {
  const slow: readonly SlowCall[] = [
    { atMs: 0, elapsedMs: 1_030, code: 'DeadlineExceeded' },
    { atMs: 5, elapsedMs: 1_041 },
    { atMs: 9, elapsedMs: 300 },
  ];
  expect(overtimeMs({ slow } as LoadFindings, 1_000)).toBe(41);
  expect(overtimeMs({ slow: [] as readonly SlowCall[] } as LoadFindings, 1_000)).toBe(0);
});
