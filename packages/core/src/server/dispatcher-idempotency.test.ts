import { ServiceError } from '@tenon/contract';
import { describe, expect, test, vi } from 'vitest';
import { ArrivingCall, serve } from '../../test/arriving-call.js';
import { deferred } from '../../test/deferred.js';
import { type DispatcherSetting, dispatcherOf } from '../../test/dispatcher-under-test.js';
import { failureOf } from '../../test/failure-of.js';
import { callContext } from '../context/index.js';

const keyed = (key: string, init: ConstructorParameters<typeof ArrivingCall>[0] = {}): ArrivingCall =>
  new ArrivingCall({ ...init, metadata: { 'tenon-idempotency-key': key } });

/** A dispatcher whose handler counts its runs and answers their number. */
function counting(setting: DispatcherSetting = {}) {
  let runs = 0;
  const handle = vi.fn(async (): Promise<unknown> => {
    runs += 1;
    callContext().setReplyMetadata('x-run', String(runs));
    return runs;
  });
  return { ...dispatcherOf({ handle, ...setting }), handle };
}

describe('a call that is repeated under its key', () => {
  test('has run once, and is answered with the same value and metadata', async () => {
    const { dispatcher, handle, meter } = counting();
    const replies = [];
    for (const key of ['a', 'a', 'b', 'a']) replies.push(await serve(dispatcher, keyed(key)));
    expect(replies.map(({ value, metadata }) => [value, metadata['x-run']])).toEqual([
      [1, '1'],
      [1, '1'],
      [2, '2'],
      [1, '1'],
    ]);
    expect([handle.mock.calls.length, meter.total('tenon.server.idempotent_replays')]).toEqual([2, 2]);
  });

  test('while it runs waits for the same outcome', async () => {
    const gate = deferred<string>();
    const { dispatcher, handle, clock } = counting();
    handle.mockImplementation(() => gate.promise);
    const outcomes = [1, 2, 3].map(() => serve(dispatcher, keyed('a')));
    await clock.advance(1);
    gate.resolve('done');
    expect((await Promise.all(outcomes)).map(({ value }) => value)).toEqual(['done', 'done', 'done']);
    expect(handle).toHaveBeenCalledTimes(1);
    await dispatcher.drain();
  });

  test('fails as it did the first time', async () => {
    const { dispatcher, handle, logger } = counting();
    handle.mockRejectedValueOnce(new ServiceError('NotFound', 'no such name', { details: { name: 'Ada' } }));
    handle.mockRejectedValueOnce(new TypeError('odd'));
    for (const code of ['NotFound', 'Internal']) {
      const [first, second] = [
        await failureOf(serve(dispatcher, keyed(code))),
        await failureOf(serve(dispatcher, keyed(code))),
      ];
      expect(second.toRecord()).toEqual(first.toRecord());
      expect(first).toMatchObject({ code, executed: 'yes' });
    }
    expect([handle.mock.calls.length, logger.complaints.length]).toEqual([2, 1]);
  });

  test.each([['it says that it did not run', () => new ServiceError('Unavailable', 'later', { executed: 'no' })]])(
    'runs again where %s',
    async (_why, thrown) => {
      const { dispatcher, handle } = counting();
      handle.mockRejectedValueOnce(thrown());
      expect(await failureOf(serve(dispatcher, keyed('a')))).toMatchObject({ executed: 'no' });
      expect(await serve(dispatcher, keyed('a'))).toMatchObject({ value: 1 });
    },
  );

  test('runs in place of one that it waited for and that did not run', async () => {
    const gate = deferred();
    const { dispatcher, handle, clock } = counting();
    handle.mockImplementationOnce(async () => {
      await gate.promise;
      throw new ServiceError('Unavailable', 'later', { executed: 'no' });
    });
    const first = failureOf(serve(dispatcher, keyed('a')));
    const others = [serve(dispatcher, keyed('a')), serve(dispatcher, keyed('a'))];
    await clock.advance(1);
    gate.resolve();
    expect(await first).toMatchObject({ executed: 'no' });
    expect((await Promise.all(others)).map(({ value }) => value)).toEqual([1, 1]);
  });

  test('is decoded for the first run alone', async () => {
    const { dispatcher } = counting();
    const calls = [keyed('a'), keyed('a', { read: () => ({ name: 'Eve' }) })];
    for (const call of calls) await serve(dispatcher, call);
    expect(calls.map(({ decoded }) => decoded.length)).toEqual([1, 0]);
  });
});

describe('keys of the same name are different', () => {
  test('for another caller who has proved to be one', async () => {
    const { dispatcher, handle } = counting();
    for (const identity of ['spiffe://acme/a', 'spiffe://acme/b', undefined]) {
      const call = keyed('a');
      Object.assign(call, { peer: { ...call.peer, identity } });
      await serve(dispatcher, call);
    }
    expect(handle).toHaveBeenCalledTimes(3);
  });

  test('once their window is over', async () => {
    const { clock, dispatcher } = counting({ options: { idempotency: { windowMs: 1_000 } } });
    const values = [];
    for (const waitMs of [999, 1, 0]) {
      values.push((await serve(dispatcher, keyed('a'))).value);
      await clock.advance(waitMs);
    }
    expect(values).toEqual([1, 1, 2]);
  });

  test('once so many others came that they are forgotten, the oldest first', async () => {
    const { dispatcher } = counting({ options: { idempotency: { maxEntries: 2 } } });
    const values = [];
    for (const key of ['a', 'b', 'c', 'b', 'a']) values.push((await serve(dispatcher, keyed(key))).value);
    expect(values).toEqual([1, 2, 3, 2, 4]);
  });

  test('where keys are switched off', async () => {
    const { dispatcher, handle } = counting({ options: { idempotency: false } });
    for (let call = 0; call < 2; call += 1) await serve(dispatcher, keyed('a'));
    expect(handle).toHaveBeenCalledTimes(2);
  });
});

describe('the caller of a keyed call that leaves', () => {
  test('does not stop it: whoever repeats it gets its reply', async () => {
    const gate = deferred();
    const { dispatcher, handle, clock } = counting();
    handle.mockImplementationOnce(async () => {
      const { signal } = callContext();
      await gate.promise;
      return signal.aborted ? 'stopped' : 'done';
    });
    const first = keyed('a');
    void serve(dispatcher, first);
    await clock.advance(1);
    first.cancel();
    gate.resolve();
    expect(await serve(dispatcher, keyed('a'))).toMatchObject({ value: 'done' });
    expect(first.answers).toBe(0);
    await dispatcher.drain();
  });

  test('says so only to itself where it waited for another', async () => {
    const gate = deferred();
    const { dispatcher, handle, clock } = counting();
    handle.mockImplementationOnce(() => gate.promise);
    const first = serve(dispatcher, keyed('a'));
    const second = keyed('a');
    const failed = failureOf(serve(dispatcher, second));
    await clock.advance(1);
    second.cancel();
    expect(await failed).toMatchObject({ code: 'Canceled', executed: 'maybe' });
    gate.resolve();
    await first;
    await dispatcher.drain();
    expect(second.answers).toBe(1);
  });

  test('is no matter at its deadline, which the handler feels', async () => {
    const { dispatcher, handle, clock } = counting();
    handle.mockImplementationOnce(
      () =>
        new Promise((_resolve, reject) => {
          const { signal } = callContext();
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    );
    const failed = failureOf(serve(dispatcher, keyed('a', { deadline: 50 })));
    await clock.advance(50);
    expect(await failed).toMatchObject({ code: 'DeadlineExceeded', executed: 'maybe' });
    expect(await failureOf(serve(dispatcher, keyed('a')))).toMatchObject({ code: 'DeadlineExceeded', executed: 'yes' });
    expect(handle).toHaveBeenCalledTimes(1);
  });
});

describe('a keyed call is refused', () => {
  test.each([[''], ['with space'], ['ü'], ['x'.repeat(129)]])('for the key "%s"', async (key) => {
    const { dispatcher, handle } = counting();
    expect(await failureOf(serve(dispatcher, keyed(key)))).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
    expect(handle).not.toHaveBeenCalled();
  });

  test('where as many run as may be kept, and not where they have ended', async () => {
    const gate = deferred();
    const { dispatcher, handle, clock } = counting({ options: { idempotency: { maxEntries: 1 } } });
    handle.mockImplementationOnce(() => gate.promise);
    const first = serve(dispatcher, keyed('a'));
    await clock.advance(1);
    expect(await failureOf(serve(dispatcher, keyed('b')))).toMatchObject({
      code: 'ResourceExhausted',
      executed: 'no',
      refusal: 'overloaded',
    });
    gate.resolve();
    await first;
    expect(await serve(dispatcher, keyed('b'))).toMatchObject({ value: 1 });
  });
});
