import { FakeClock } from '@tenon/testing/fake-clock';
import { expect, test } from 'vitest';
import { callOf } from '../../test/call-of.js';
import { listenersOn } from '../../test/listeners-on.js';
import { interceptedCall } from './intercepted-call.js';

function setUp() {
  const clock = new FakeClock();
  const stop = new AbortController();
  return { clock, stop, ...interceptedCall(callOf({ deadline: 1_000, signal: stop.signal }), clock) };
}

test('an interceptor sees the call as it is', () => {
  const { call } = setUp();
  const { signal: _signal, ...rest } = call;
  expect(rest).toEqual({
    side: 'client',
    kind: 'unary',
    service: 'greeter',
    endpoint: 'Greeter.Hello',
    value: { name: 'Ada' },
    metadata: {},
    deadline: 1_000,
  });
});

test('its signal is watched only once somebody looks, and is one signal, in a copy too', () => {
  const { clock, stop, call } = setUp();
  expect([clock.pending, listenersOn(stop.signal)]).toEqual([0, 0]);
  expect({ ...call }.signal).toBe(call.signal);
  expect([clock.pending, listenersOn(stop.signal)]).toEqual([1, 1]);
});

test('its signal is aborted when the caller cancels', () => {
  const { stop, call } = setUp();
  const { signal } = call;
  expect(signal.aborted).toBe(false);
  stop.abort('enough');
  // Rethrown by an interceptor it must not claim that the handler did not run.
  expect(signal.reason).toMatchObject({ code: 'Canceled', executed: 'maybe', cause: 'enough' });
});

test('its signal is aborted when the deadline passes', async () => {
  const { clock, call } = setUp();
  const { signal } = call;
  await clock.advance(1_000);
  expect(signal.reason).toMatchObject({ code: 'DeadlineExceeded', executed: 'maybe' });
});

test('a call that was cancelled before has an aborted signal', () => {
  const { stop, call } = setUp();
  stop.abort();
  expect(call.signal.aborted).toBe(true);
});

test('after the call nothing is watched, whoever looks', () => {
  const { clock, stop, call, release } = setUp();
  expect(call.signal.aborted).toBe(false);
  release();
  expect([clock.pending, listenersOn(stop.signal)]).toEqual([0, 0]);
  expect(call.signal.aborted).toBe(false);
  expect([clock.pending, listenersOn(stop.signal)]).toEqual([0, 0]);
});
