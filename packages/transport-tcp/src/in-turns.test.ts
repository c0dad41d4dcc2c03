import { expect, test } from 'vitest';
import { inTurns } from './in-turns.js';

test('does a few at once, and all of many in their order over some turns', async () => {
  const done: number[] = [];
  inTurns([1, 2, 3], (one) => done.push(one));
  expect(done).toEqual([1, 2, 3]);

  const many = Array.from({ length: 1_000 }, (_, index) => index);
  const seen: number[] = [];
  inTurns(many, (one) => seen.push(one));
  const turns: number[] = [seen.length];
  while (seen.length < many.length) {
    await new Promise((resolve) => setImmediate(resolve));
    turns.push(seen.length);
  }
  expect(seen).toEqual(many);
  for (const [index, length] of turns.entries()) expect(length - (turns[index - 1] ?? 0)).toBeLessThanOrEqual(64);
});
