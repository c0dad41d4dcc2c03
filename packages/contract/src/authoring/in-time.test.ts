import { expect, test } from 'vitest';
import type { Clock } from '../clock.js';
import { inTime } from './in-time.js';

/** One timer, which rings when the test says so. (The contract can use no other package's clock.) */
function handClock() {
  let ring: (() => void) | undefined;
  const clock: Clock = {
    now: () => 0,
    wallTime: () => 0,
    after: (_, callback) => {
      ring = callback;
      return () => {
        ring = undefined;
      };
    },
  };
  return { clock, ring: () => ring?.(), isWaiting: () => ring !== undefined };
}

test('gives what the promise brings or rejects with, and leaves no timer', async () => {
  const { clock, isWaiting } = handClock();
  expect(await inTime(Promise.resolve(1), 100, clock)).toBe(1);
  await expect(inTime(Promise.reject(new Error('refused')), 100, clock)).rejects.toThrow('refused');
  expect(isWaiting()).toBe(false);
});

test('is Unavailable where it takes longer', async () => {
  const { clock, ring } = handClock();
  const late = inTime(new Promise(() => {}), 100, clock);
  ring();
  await expect(late).rejects.toMatchObject({
    code: 'Unavailable',
    executed: 'no',
    rawMessage: 'no answer within 100 ms',
  });
});
