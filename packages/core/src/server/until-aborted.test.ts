import { describe, expect, test, vi } from 'vitest';
import { deferred } from '../../test/deferred.js';
import { listenersOn } from '../../test/listeners-on.js';
import { untilAborted } from './until-aborted.js';

describe('waiting for some work', () => {
  test('ends with it, and nobody listens any more', async () => {
    const { signal } = new AbortController();
    const onAbort = vi.fn();
    await untilAborted(Promise.resolve(), signal, onAbort);
    await expect(untilAborted(Promise.reject(new Error('no')), signal, onAbort)).rejects.toThrow('no');
    expect([onAbort.mock.calls.length, listenersOn(signal)]).toEqual([0, 0]);
  });

  test('ends with the signal, which is told once; a later failure of the work harms nobody', async () => {
    const stop = new AbortController();
    const onAbort = vi.fn();
    const work = deferred();
    const waiting = untilAborted(work.promise, stop.signal, onAbort);
    stop.abort();
    await waiting;
    expect(onAbort).toHaveBeenCalledTimes(1);
    work.reject(new Error('late'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(listenersOn(stop.signal)).toBe(0);
  });

  test('is over at once where the signal was aborted before', async () => {
    const onAbort = vi.fn();
    await untilAborted(new Promise(() => {}), AbortSignal.abort(), onAbort);
    expect(onAbort).toHaveBeenCalledTimes(1);
  });
});
