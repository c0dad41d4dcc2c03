import { expect, test } from 'vitest';
import type { WaitingCall } from './client-call.js';
import { WaitingLine } from './waiting-line.js';

function waiting(name: string): WaitingCall & { over: boolean } {
  return { name, over: false } as unknown as WaitingCall & { over: boolean };
}

test('so many may go on, the others follow in order, and those that left meanwhile are passed over', () => {
  const line = new WaitingLine(2);
  const calls = ['a', 'b', 'c', 'd', 'e'].map(waiting);
  expect(calls.map((call) => line.enter(call))).toEqual([true, true, false, false, false]);
  expect(line.size).toBe(5);
  const left = calls[2] as { over: boolean };
  left.over = true;
  line.leave();
  expect(line.size).toBe(4);
  expect(line.waiting()).toEqual([calls[3], calls[4]]);
  expect(line.release()).toBe(calls[3]);
  expect(line.release()).toBe(calls[4]);
  expect([line.release(), line.release(), line.size]).toEqual([undefined, undefined, 0]);
});

test('whoever comes while others wait waits too, and thousands do so in order', () => {
  const line = new WaitingLine(1);
  const calls = Array.from({ length: 5_000 }, (_, n) => waiting(String(n)));
  for (const call of calls) line.enter(call);
  for (const call of calls.slice(1)) expect(line.release()).toBe(call);
  expect(line.enter(waiting('late'))).toBe(false);
  line.release();
  line.release();
  expect(line.enter(waiting('free'))).toBe(true);
});
