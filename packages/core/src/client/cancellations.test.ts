import { TestCancellation } from '@tenon/conformance';
import { ServiceError } from '@tenon/contract';
import { describe, expect, test, vi } from 'vitest';
import { listenersOn } from '../../test/listeners-on.js';
import { EitherCancellation, SignalCancellation } from './cancellations.js';

const reason = new ServiceError('Canceled', 'the caller gave up');

const listener = () => ({ onCancel: vi.fn<(reason: ServiceError) => void>() });
const toldTo = (...listeners: ReturnType<typeof listener>[]): number[] =>
  listeners.map(({ onCancel }) => onCancel.mock.calls.length);

describe('a signal as a cancellation', () => {
  test('has one listener on it while anybody listens, and none afterwards', () => {
    const { signal } = new AbortController();
    const cancellation = new SignalCancellation(signal);
    const [one, other] = [listener(), listener()];
    expect(listenersOn(signal)).toBe(0);
    cancellation.listen(one);
    cancellation.listen(other);
    expect(listenersOn(signal)).toBe(1);
    cancellation.unlisten(one);
    cancellation.unlisten(one);
    expect(listenersOn(signal)).toBe(1);
    cancellation.unlisten(other);
    expect(listenersOn(signal)).toBe(0);
    cancellation.listen(one);
    expect(listenersOn(signal)).toBe(1);
  });

  test('tells everyone once, with one error that has the reason of the signal as its cause', () => {
    const stop = new AbortController();
    const cancellation = new SignalCancellation(stop.signal);
    const [one, other, gone] = [listener(), listener(), listener()];
    for (const each of [one, gone, other]) cancellation.listen(each);
    cancellation.unlisten(gone);
    expect(cancellation.canceled).toBeUndefined();
    stop.abort('enough');
    expect(cancellation.canceled).toMatchObject({ code: 'Canceled', executed: 'no', cause: 'enough' });
    expect(one.onCancel.mock.calls).toEqual([[cancellation.canceled]]);
    expect(cancellation.canceled).toBe(cancellation.canceled);
    expect([...toldTo(one, gone, other), listenersOn(stop.signal)]).toEqual([1, 0, 1, 0]);
  });

  test('that was aborted before says so and tells nobody', () => {
    const cancellation = new SignalCancellation(AbortSignal.abort('before'));
    const late = listener();
    cancellation.listen(late);
    expect([cancellation.canceled?.cause, ...toldTo(late)]).toEqual(['before', 0]);
  });

  test('does not tell one whom another, being told, made stop listening', () => {
    const stop = new AbortController();
    const cancellation = new SignalCancellation(stop.signal);
    const [one, other] = [listener(), listener()];
    one.onCancel.mockImplementation(() => cancellation.unlisten(other));
    cancellation.listen(one);
    cancellation.listen(other);
    stop.abort();
    expect(toldTo(one, other)).toEqual([1, 0]);
  });
});

describe('two cancellations as one', () => {
  function setUp() {
    const sources = [new TestCancellation(), new TestCancellation()] as const;
    return {
      sources,
      listening: () => sources.map((source) => source.listening),
      either: new EitherCancellation(...sources),
    };
  }

  test.each([0, 1] as const)('tell of source %d, for its reason, and listen no longer', (index) => {
    const { sources, listening, either } = setUp();
    const [one, other] = [listener(), listener()];
    either.listen(one);
    either.listen(other);
    expect([either.canceled, listening()]).toEqual([undefined, [1, 1]]);
    sources[index].cancel(reason);
    expect(either.canceled).toBe(reason);
    expect([one.onCancel.mock.calls, toldTo(other), listening()]).toEqual([[[reason]], [1], [0, 0]]);
    sources[1 - index]?.cancel(new ServiceError('Canceled', 'again'));
    expect(toldTo(one, other)).toEqual([1, 1]);
  });

  test.each([0, 1] as const)('are cancelled from the start where source %d was', (index) => {
    const { sources, either } = setUp();
    sources[index].cancel(reason);
    expect(either.canceled).toBe(reason);
  });

  test('listen only while somebody listens to them', () => {
    const { sources, listening, either } = setUp();
    const [one, other] = [listener(), listener()];
    expect(listening()).toEqual([0, 0]);
    either.listen(one);
    either.listen(other);
    either.unlisten(one);
    expect(listening()).toEqual([1, 1]);
    either.unlisten(other);
    either.unlisten(other);
    expect(listening()).toEqual([0, 0]);
    sources[0].cancel(reason);
    expect(toldTo(one, other)).toEqual([0, 0]);
  });
});
