import { ServiceError } from '@tenon/contract';
import { expect, test } from 'vitest';
import { FakeClock } from '../fake-clock.js';
import { OpenLoopLoad } from './open-loop-load.js';

test('calls are spaced evenly, and counted', async () => {
  const clock = new FakeClock();
  const at: number[] = [];
  const call = async (): Promise<void> => void at.push(clock.now());
  const running = new OpenLoopLoad({ rate: 100, durationMs: 50, clock, call }).run();
  await clock.advance(1_000);
  const result = await running;
  expect(at).toEqual([0, 10, 20, 30, 40]);
  expect(result).toMatchObject({ intended: 5, sent: 5, succeeded: 5, failed: 0, heldBack: 0, lagMs: 0 });
  expect(result.voidBecause).toBeUndefined();
});

test('a slow answer holds up no other call, and its whole wait counts', async () => {
  const clock = new FakeClock();
  const after = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));
  const call = (n: number): Promise<void> => after(n === 0 ? 500 : 1);
  const running = new OpenLoopLoad({ rate: 100, durationMs: 100, clock, call }).run();
  await clock.advance(1_000);
  const { latencyMs, maxInFlight } = await running;
  expect(latencyMs.max).toBe(500);
  expect(latencyMs.p50).toBeCloseTo(1, 1);
  expect(maxInFlight).toBe(2);
});

test('latency counts from the intended time where the generator itself was late, which makes the run void', async () => {
  let now = 0;
  const clock = new FakeClock();
  // A clock that jumps while the third call is made: somebody blocked the loop for 80 ms.
  const jumping = { now: () => clock.now() + now, wallTime: () => 0, after: clock.after.bind(clock) };
  const call = async (n: number): Promise<void> => {
    if (n === 2) now += 80;
  };
  const running = new OpenLoopLoad({ rate: 100, durationMs: 100, clock: jumping, call }).run();
  await clock.advance(1_000);
  const result = await running;
  expect(result.lagMs).toBeCloseTo(70);
  expect(result.latencyMs.max).toBeGreaterThan(69);
  expect(result.voidBecause).toMatch(/70\.0 ms later than intended \(30 ms after the beginning\)/);
  expect(result.sent).toBe(10);
});

test('failures are grouped by code and by what they say about execution', async () => {
  const clock = new FakeClock();
  const call = async (n: number): Promise<void> => {
    if (n === 3) throw new TypeError('no such thing');
    if (n % 2 === 0) throw new ServiceError('Unavailable', `node ${n} is away`, { executed: n === 0 ? 'no' : 'maybe' });
  };
  const running = new OpenLoopLoad({ rate: 10, durationMs: 600, clock, call, intervalMs: 200 }).run();
  await clock.advance(2_000);
  const { failures, failed, succeeded, intervals } = await running;
  expect([succeeded, failed]).toEqual([2, 4]);
  expect(failures.map(({ code, executed, count, calls }) => [code, executed, count, calls])).toEqual([
    ['Unavailable', 'maybe', 2, [2, 4]],
    ['Unavailable', 'no', 1, [0]],
    ['TypeError', 'unknown', 1, [3]],
  ]);
  expect(failures[0]).toMatchObject({
    firstAtMs: 200,
    lastAtMs: 400,
    samples: [expect.stringContaining('node 2'), expect.stringContaining('node 4')],
  });
  expect(intervals.map(({ fromMs, ok, failed }) => [fromMs, ok, failed])).toEqual([
    [0, 1, 1],
    [200, 0, 2],
    [400, 1, 1],
  ]);
});

test('a call that throws at once failed like any other', async () => {
  const clock = new FakeClock();
  const call = (): never => {
    throw new Error('at once');
  };
  const running = new OpenLoopLoad({ rate: 10, durationMs: 100, clock, call }).run();
  await clock.advance(1_000);
  expect((await running).failures).toMatchObject([{ code: 'Error', samples: ['at once'] }]);
});

test('reaching the bound of calls under way holds calls back and makes the run void', async () => {
  const clock = new FakeClock();
  const call = (): Promise<void> => new Promise((resolve) => clock.after(1_000, resolve));
  const running = new OpenLoopLoad({ rate: 100, durationMs: 100, clock, call, maxInFlight: 4 }).run();
  await clock.advance(5_000);
  const result = await running;
  expect(result).toMatchObject({ intended: 10, sent: 4, heldBack: 6, maxInFlight: 4, succeeded: 4 });
  expect(result.voidBecause).toMatch(/6 calls were held back because 4 were under way/);
});

test('what does not end counts as failed', async () => {
  const clock = new FakeClock();
  const call = (): Promise<void> => new Promise(() => {});
  const running = new OpenLoopLoad({ rate: 10, durationMs: 200, clock, call, settleMs: 500 }).run();
  await clock.advance(5_000);
  expect(await running).toMatchObject({ failed: 2, failures: [{ code: 'Unfinished', count: 2, slowestMs: 600 }] });
});

test('a load that is stopped ends with what it has', async () => {
  const clock = new FakeClock();
  const load = new OpenLoopLoad({ rate: 10, durationMs: 10_000, clock, call: async () => {} });
  const running = load.run();
  await clock.advance(450);
  load.stop();
  const result = await running;
  expect(result).toMatchObject({ intended: 100, sent: 5, succeeded: 5, failed: 0 });
  expect(load.progress).toEqual({ sent: 5, inFlight: 0, failed: 0 });
});

test('an option out of range is named', () => {
  expect(() => new OpenLoopLoad({ rate: 0, durationMs: 1, call: async () => {} })).toThrow(/load\.rate is 0/);
});

test('it runs in real time as well', async () => {
  let calls = 0;
  const call = async (): Promise<void> => {
    calls += 1;
  };
  const result = await new OpenLoopLoad({ rate: 1_000, durationMs: 50, call }).run();
  expect([calls, result.succeeded, result.sent]).toEqual([50, 50, 50]);
});
