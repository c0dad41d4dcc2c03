import { expect, test } from 'vitest';
import { listenersOn } from '../../test/listeners-on.js';
import { joinedSignal } from './joined-signal.js';

test.each([0, 1])('it is aborted with source %d, for its reason, and listens no longer', (index) => {
  const sources = [new AbortController(), new AbortController()] as const;
  const { signal } = joinedSignal(sources[0].signal, sources[1].signal);
  expect(signal.aborted).toBe(false);
  const reason = new Error('enough');
  (sources[index] as AbortController).abort(reason);
  expect([signal.aborted, signal.reason]).toEqual([true, reason]);
  expect(sources.map((source) => listenersOn(source.signal))).toEqual([0, 0]);
});

test.each([0, 1])('it is aborted from the start where source %d was', (index) => {
  const sources = [new AbortController(), new AbortController()] as const;
  (sources[index] as AbortController).abort('before');
  const { signal } = joinedSignal(sources[0].signal, sources[1].signal);
  expect([signal.aborted, signal.reason]).toEqual([true, 'before']);
  expect(sources.map((source) => listenersOn(source.signal))).toEqual([0, 0]);
});

test('once released it hears nothing, and leaves nothing behind', () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const { signal, release } = joinedSignal(one.signal, other.signal);
  expect([listenersOn(one.signal), listenersOn(other.signal)]).toEqual([1, 1]);
  release();
  release();
  expect([listenersOn(one.signal), listenersOn(other.signal)]).toEqual([0, 0]);
  one.abort();
  expect(signal.aborted).toBe(false);
});
