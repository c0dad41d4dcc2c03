import { testCancellation } from '@tenon/conformance';
import { ServiceError } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { expect, test } from 'vitest';
import { callOf } from '../../test/call-of.js';
import { controllersMadeIn } from '../../test/controllers-made-in.js';
import { CallSignal } from './call-signal.js';

function setUp() {
  const clock = new FakeClock();
  const stop = testCancellation();
  const source = new CallSignal(callOf({ deadline: 1_000, cancellation: stop }), clock, 1);
  return { clock, stop, source };
}

test('it is made, and the call watched, only once somebody looks; then it is one signal', async () => {
  const { clock, stop, source } = setUp();
  expect([clock.pending, stop.listening]).toEqual([0, 0]);
  expect(await controllersMadeIn(() => [source.signal, source.signal])).toBe(1);
  expect(source.signal).toBe(source.signal);
  expect([clock.pending, stop.listening]).toEqual([1, 1]);
});

test('it is aborted when the caller cancels', () => {
  const { stop, source } = setUp();
  const { signal } = source;
  expect(signal.aborted).toBe(false);
  stop.cancel(new ServiceError('Canceled', 'enough', { executed: 'no', cause: 'why' }));
  // Rethrown by an interceptor it must not claim that the handler did not run.
  expect(signal.reason).toMatchObject({ code: 'Canceled', executed: 'maybe', cause: 'why' });
});

test('it is aborted when the deadline passes', async () => {
  const { clock, source } = setUp();
  const { signal } = source;
  await clock.advance(999);
  expect(signal.aborted).toBe(false);
  await clock.advance(1);
  expect(signal.reason).toMatchObject({ code: 'DeadlineExceeded', executed: 'maybe' });
});

test('of a call that was cancelled before it is aborted from the start', () => {
  const { stop, source } = setUp();
  stop.cancel();
  expect([source.signal.aborted, stop.listening]).toEqual([true, 0]);
});

test.each(['before', 'after'])('after the call nothing is watched, whoever looked %s', async (when) => {
  const { clock, stop, source } = setUp();
  if (when === 'before') expect(source.signal.aborted).toBe(false);
  source.release();
  source.release();
  expect([clock.pending, stop.listening]).toEqual([0, 0]);
  expect(source.signal.aborted).toBe(false);
  stop.cancel();
  await clock.advance(5_000);
  expect([source.signal.aborted, clock.pending, stop.listening]).toEqual([false, 0, 0]);
});

test('it is watched until the last of its holders has let go', () => {
  const clock = new FakeClock();
  const stop = testCancellation();
  const source = new CallSignal(callOf({ deadline: 1_000, cancellation: stop }), clock, 2);
  const { signal } = source;
  source.release();
  expect([clock.pending, stop.listening]).toEqual([1, 1]);
  source.release();
  expect([clock.pending, stop.listening, signal.aborted]).toEqual([0, 0, false]);
});
