import { testCancellation } from '@tenon/conformance';
import { ServiceError } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, test, vi } from 'vitest';
import { callOf } from '../../test/call-of.js';
import { deferred } from '../../test/deferred.js';
import { failureOf } from '../../test/failure-of.js';
import { EndWatch, pause, untilEnd } from './until-end.js';

const enough = new ServiceError('Canceled', 'enough', { executed: 'maybe', cause: 'why' });

function setUp() {
  const clock = new FakeClock();
  const stop = testCancellation();
  return { clock, stop, call: callOf({ deadline: 1_000, cancellation: stop }) };
}

describe('waiting for something', () => {
  test('ends with it, whether it succeeds or fails, and leaves nothing behind', async () => {
    const { clock, stop, call } = setUp();
    const error = new Error('no');
    expect(await untilEnd(Promise.resolve(7), call, clock)).toBe(7);
    await expect(untilEnd(Promise.reject(error), call, clock)).rejects.toBe(error);
    expect([clock.pending, stop.listening]).toEqual([0, 0]);
  });

  test('ends at the deadline', async () => {
    const { clock, stop, call } = setUp();
    const onGiveUp = vi.fn();
    const work = deferred<number>();
    const failed = failureOf(untilEnd(work.promise, call, clock, onGiveUp));
    await clock.advance(999);
    expect(onGiveUp).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(await failed).toMatchObject({ code: 'DeadlineExceeded', executed: 'no' });
    expect(onGiveUp.mock.calls).toEqual([[work.promise]]);
    expect([clock.pending, stop.listening]).toEqual([0, 0]);
  });

  test('ends when the call is cancelled, and keeps why', async () => {
    const { clock, stop, call } = setUp();
    const onGiveUp = vi.fn();
    const failed = failureOf(untilEnd(new Promise(() => {}), call, clock, onGiveUp));
    stop.cancel(enough);
    expect(await failed).toMatchObject({ code: 'Canceled', executed: 'no', cause: 'why' });
    expect(onGiveUp).toHaveBeenCalledTimes(1);
    expect([clock.pending, stop.listening]).toEqual([0, 0]);
  });

  test('ends at once where the call was cancelled before', async () => {
    const { clock, stop, call } = setUp();
    stop.cancel();
    expect(await failureOf(untilEnd(new Promise(() => {}), call, clock))).toMatchObject({ code: 'Canceled' });
    expect(clock.pending).toBe(0);
  });

  test('gives up nothing where the work came first, and does not mind a failure that comes too late', async () => {
    const { clock, stop, call } = setUp();
    const onGiveUp = vi.fn();
    await untilEnd(Promise.resolve(), call, clock, onGiveUp);
    stop.cancel();
    await clock.advance(5_000);
    expect(onGiveUp).not.toHaveBeenCalled();

    const work = deferred();
    const failed = failureOf(untilEnd(work.promise, callOf({ deadline: clock.now() }), clock));
    await clock.advance(0);
    expect(await failed).toMatchObject({ code: 'DeadlineExceeded' });
    work.reject(new Error('late'));
    await clock.advance(0);
  });
});

describe('a pause', () => {
  test('of no length takes no turn of the clock', async () => {
    const { clock, call } = setUp();
    await pause(0, call, clock);
    expect(clock.pending).toBe(0);
  });

  test('lasts as long as it was told', async () => {
    const { clock, stop, call } = setUp();
    const done = vi.fn();
    const paused = pause(100, call, clock).then(done);
    await clock.advance(99);
    expect(done).not.toHaveBeenCalled();
    await clock.advance(1);
    await paused;
    expect([clock.pending, stop.listening]).toEqual([0, 0]);
  });

  test.each([0, 100])('of %d ms is refused to a call that was cancelled before', async (waitMs) => {
    const { clock, stop, call } = setUp();
    stop.cancel();
    expect(await failureOf(pause(waitMs, call, clock))).toMatchObject({ code: 'Canceled', executed: 'no' });
    expect(clock.pending).toBe(0);
  });

  test('is cut short by the deadline and by cancelling, and leaves no timer', async () => {
    const { clock, stop, call } = setUp();
    const late = failureOf(pause(2_000, call, clock));
    await clock.advance(1_000);
    expect(await late).toMatchObject({ code: 'DeadlineExceeded', executed: 'no' });
    const canceled = failureOf(pause(500, callOf({ deadline: 5_000, cancellation: stop }), clock));
    stop.cancel();
    expect(await canceled).toMatchObject({ code: 'Canceled', executed: 'no' });
    expect([clock.pending, stop.listening]).toEqual([0, 0]);
  });
});

describe('a watch for the end', () => {
  test('tells of it once', async () => {
    const { clock, stop, call } = setUp();
    const tell = vi.fn<(error: ServiceError) => void>();
    new EndWatch(call, clock, tell);
    stop.cancel(enough);
    await clock.advance(5_000);
    expect(tell.mock.calls).toMatchObject([[{ code: 'Canceled', executed: 'no' }]]);
    new EndWatch(callOf({ deadline: clock.now() + 10 }), clock, tell);
    await clock.advance(10);
    expect(tell.mock.calls).toMatchObject([[{}], [{ code: 'DeadlineExceeded', executed: 'no' }]]);
  });

  test('that is stopped tells nothing', async () => {
    const { clock, stop, call } = setUp();
    const tell = vi.fn();
    const watch = new EndWatch(call, clock, tell);
    expect([clock.pending, stop.listening]).toEqual([1, 1]);
    watch.stop();
    watch.stop();
    expect([clock.pending, stop.listening]).toEqual([0, 0]);
    stop.cancel();
    await clock.advance(5_000);
    expect(tell).not.toHaveBeenCalled();
  });

  test('of a call without an end sets no timer', () => {
    const { clock, stop } = setUp();
    new EndWatch({ deadline: Number.POSITIVE_INFINITY, cancellation: stop }, clock, () => {});
    expect([clock.pending, stop.listening]).toEqual([0, 1]);
  });
});
