import { expect, test } from 'vitest';
import { attemptsOver } from '../../test/attempts-under-test.js';

test('a call took as long as the connection says, which knows when the reply arrived, and is told when it began', async () => {
  const { clock, selector, transport, run } = attemptsOver('a');
  const began = clock.now();
  const told: (number | undefined)[] = [];
  transport.bySend = (_call, listener, now) => {
    told.push(now);
    listener.onReply({ value: 'hi', metadata: {} }, began + 7);
  };
  await run();
  expect(told).toEqual([began]);
  expect(selector.reports).toMatchObject([{ outcome: { elapsedMs: 7, endedAt: began + 7 } }]);
});
