import { expect, test } from 'vitest';
import { RecentlyHandled } from './recently-handled.js';

const message = (sequence: number, storedAt = 1_767_225_600_000_000_000) => ({ deliveries: 1, sequence, storedAt });

test('what was acknowledged is known by its place and by when it was stored', () => {
  const handled = new RecentlyHandled();
  handled.add(message(1));
  expect([
    handled.has(message(1)),
    handled.has(message(2)),
    handled.has(message(1, 1_767_225_600_000_001_000)),
  ]).toEqual([true, false, false]);
});

test('the last 65,536 places are known, what is older is not', () => {
  const handled = new RecentlyHandled();
  for (let sequence = 1; sequence <= 65_537; sequence += 1) handled.add(message(sequence));
  expect([handled.has(message(1)), handled.has(message(2)), handled.has(message(65_537))]).toEqual([false, true, true]);
});
