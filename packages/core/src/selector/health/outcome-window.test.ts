import { expect, test } from 'vitest';
import { OutcomeWindow } from './outcome-window.js';

test('fewer outcomes than asked for have no rate', () => {
  const window = new OutcomeWindow(10_000);
  for (let count = 0; count < 9; count += 1) window.note(false, 5);
  expect(window.successRate(10)).toBeUndefined();
  window.note(true, 5);
  expect(window.successRate(10)).toBe(0.1);
});

test('outcomes count for the interval, and no longer', () => {
  const window = new OutcomeWindow(10_000);
  for (let second = 0; second < 10; second += 1) window.note(second >= 5, second * 1_000);
  expect(window.successRate(1)).toBe(0.5);
  // The first five seconds have expired one after the other.
  for (let second = 10; second < 15; second += 1) {
    window.note(true, second * 1_000);
    expect(window.successRate(1)).toBeCloseTo((second - 4) / 10);
  }
  expect(window.successRate(1)).toBe(1);
});

test.each([9_999, 10_000, 11_000, 95_000, 1e9])(
  'after a silence of %d ms nothing of before is left but its own span',
  (ms) => {
    const window = new OutcomeWindow(10_000);
    window.note(false, 0);
    window.note(true, ms);
    expect(window.successRate(1)).toBe(ms < 10_000 ? 0.5 : 1);
  },
);

test('what comes a little late counts', () => {
  const window = new OutcomeWindow(10_000);
  window.note(true, 5_000);
  window.note(false, 3_000);
  expect(window.successRate(2)).toBe(0.5);
});

test('cleared, it knows nothing', () => {
  const window = new OutcomeWindow(10_000);
  window.note(true, 0);
  window.clear();
  expect(window.successRate(1)).toBeUndefined();
});
