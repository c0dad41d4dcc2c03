import { type Intercept, noMetadata, type Reply, ServiceError } from '@tenon/contract';
import { describe, expect, test, vi } from 'vitest';
import { ArrivingCall, serve } from '../../test/arriving-call.js';
import { deferred } from '../../test/deferred.js';
import { dispatcherOf } from '../../test/dispatcher-under-test.js';
import { failureOf } from '../../test/failure-of.js';
import { callContext } from '../context/index.js';

describe('the deadline', () => {
  /** A handler that ends only when it is told to. */
  function stuck() {
    const gate = deferred<string>();
    const signals: AbortSignal[] = [];
    const handle = (): Promise<string> => {
      signals.push(callContext().signal);
      return gate.promise;
    };
    return { gate, signals, ...dispatcherOf({ handle }) };
  }

  test('answers the caller and aborts the signal of the handler, which still counts as running', async () => {
    const { clock, dispatcher, gate, signals } = stuck();
    const failed = failureOf(serve(dispatcher, new ArrivingCall({ deadline: 500 })));
    await clock.advance(499);
    expect(signals[0]?.aborted).toBe(false);
    await clock.advance(1);
    expect(await failed).toMatchObject({ code: 'DeadlineExceeded', executed: 'maybe' });
    expect(signals[0]?.reason).toMatchObject({ code: 'DeadlineExceeded' });
    const drained = vi.fn();
    const draining = dispatcher.drain().then(drained);
    await clock.advance(0);
    expect(drained).not.toHaveBeenCalled();
    gate.resolve('late');
    await draining;
    expect(clock.pending).toBe(0);
  });

  test.each([Number.POSITIVE_INFINITY, 3_600_000])('of %d ms is capped by what the server allows', async (deadline) => {
    const { clock, dispatcher, gate, signals } = stuck();
    const failed = failureOf(serve(dispatcher, new ArrivingCall({ deadline })));
    await clock.advance(59_999);
    expect(signals[0]?.aborted).toBe(false);
    await clock.advance(1);
    expect(await failed).toMatchObject({ code: 'DeadlineExceeded', executed: 'maybe' });
    gate.resolve('late');
  });

  test('during validation refuses a call whose handler then never starts', async () => {
    const gate = deferred<Reply>();
    const handle = vi.fn();
    const slow: Intercept = async (call, next) => {
      await gate.promise;
      return next(call);
    };
    const { clock, dispatcher } = dispatcherOf({ handle, bound: [slow] });
    const failed = failureOf(serve(dispatcher, new ArrivingCall({ deadline: 500 })));
    await clock.advance(500);
    expect(await failed).toMatchObject({ code: 'DeadlineExceeded', executed: 'no' });
    gate.resolve({ value: undefined, metadata: noMetadata });
    await dispatcher.drain();
    expect(handle).not.toHaveBeenCalled();
  });
});

describe('cancelling', () => {
  test('by the caller is felt by the handler, and answered', async () => {
    const felt = deferred<unknown>();
    const { clock, logger, dispatcher } = dispatcherOf({
      handle: () =>
        new Promise((_resolve, reject) => {
          const { signal } = callContext();
          signal.addEventListener('abort', () => {
            felt.resolve(signal.reason);
            reject(signal.reason);
          });
        }),
    });
    const call = new ArrivingCall({ deadline: 500 });
    const failed = failureOf(serve(dispatcher, call));
    await clock.advance(0);
    const reason = new ServiceError('Canceled', 'the caller left');
    call.cancel(reason);
    expect(await felt.promise).toBe(reason);
    expect(await failed).toMatchObject({ code: 'Canceled', rawMessage: 'the caller left', executed: 'maybe' });
    await dispatcher.drain();
    expect([clock.pending, logger.lines]).toEqual([0, []]);
  });

  test('of all, at shutdown, answers each caller', async () => {
    const gate = deferred();
    const { clock, dispatcher } = dispatcherOf({ handle: () => gate.promise });
    const failures = [1, 2].map(() => failureOf(serve(dispatcher, new ArrivingCall())));
    await clock.advance(0);
    dispatcher.cancelAll();
    for (const failed of failures) expect(await failed).toMatchObject({ code: 'Unavailable', executed: 'maybe' });
    gate.resolve();
    await dispatcher.drain();
    expect(clock.pending).toBe(0);
  });

  test('keeps what a handler throws afterwards from becoming an unhandled rejection, and logs it', async () => {
    const gate = deferred();
    const { clock, dispatcher, logger } = dispatcherOf({ handle: () => gate.promise });
    const call = new ArrivingCall();
    const failed = failureOf(serve(dispatcher, call));
    await clock.advance(0);
    call.cancel();
    await failed;
    gate.reject(new Error('after all'));
    await dispatcher.drain();
    expect(logger.complaints).toMatchObject([{ message: 'a handler failed' }]);
  });

  test('before the handler refuses the call, which then never starts', async () => {
    const gate = deferred();
    const handle = vi.fn();
    const slow: Intercept = (call, next) => gate.promise.then(() => next(call));
    const { dispatcher } = dispatcherOf({ handle, bound: [slow] });
    const call = new ArrivingCall();
    const failed = failureOf(serve(dispatcher, call));
    call.cancel(new ServiceError('Canceled', 'gone', { executed: 'maybe' }));
    expect(await failed).toMatchObject({ code: 'Canceled', rawMessage: 'gone', executed: 'no' });
    gate.resolve();
    await dispatcher.drain();
    expect([handle.mock.calls, call.answers]).toEqual([[], 1]);
  });

  test('a second time, or after the answer, does nothing', async () => {
    const signals: AbortSignal[] = [];
    const gate = deferred();
    const { dispatcher } = dispatcherOf({
      handle: async () => {
        signals.push(callContext().signal);
        await gate.promise;
      },
    });
    const [canceled, answered] = [new ArrivingCall(), new ArrivingCall()];
    void serve(dispatcher, canceled);
    const reply = serve(dispatcher, answered);
    const first = new ServiceError('Canceled', 'first');
    canceled.cancel(first);
    canceled.cancel(new ServiceError('Canceled', 'second'));
    gate.resolve();
    await reply;
    answered.cancel();
    await dispatcher.drain();
    expect(signals.map(({ reason }) => reason)).toEqual([first, undefined]);
    expect([canceled.answers, answered.answers]).toEqual([1, 1]);
  });

  test('ends the calls that a handler made, for the same reason', async () => {
    const heard: unknown[] = [];
    const gate = deferred();
    const { dispatcher } = dispatcherOf({
      handle: () => {
        callContext().listen({ onCancel: (reason) => void heard.push(reason) });
        return gate.promise;
      },
    });
    const call = new ArrivingCall();
    void serve(dispatcher, call);
    const reason = new ServiceError('Canceled', 'the caller left');
    call.cancel(reason);
    expect(heard).toEqual([reason]);
    gate.resolve();
    await dispatcher.drain();
  });
});

describe('draining', () => {
  test('of an idle dispatcher is at once, and refuses what comes', async () => {
    const { dispatcher } = dispatcherOf();
    await dispatcher.drain();
    expect(await failureOf(serve(dispatcher))).toMatchObject({
      code: 'Unavailable',
      executed: 'no',
      rawMessage: 'the node is shutting down',
    });
  });

  test.each(['drained', 'told to refuse'])(
    'leaves no timer, also for a call that comes when it was %s',
    async (how) => {
      const { clock, dispatcher } = dispatcherOf({ handle: async () => 'hi' });
      await serve(dispatcher);
      // The one timer of all deadlines goes on for a while after its calls.
      expect(clock.pending).toBe(1);
      if (how === 'drained') await dispatcher.drain();
      else dispatcher.refuse();
      expect(clock.pending).toBe(0);
      await failureOf(serve(dispatcher));
      expect(clock.pending).toBe(0);
    },
  );

  test('makes none for calls that are answered at once', async () => {
    const { clock, dispatcher } = dispatcherOf({ handle: () => 'hi' });
    await serve(dispatcher, new ArrivingCall({ deadline: 500 }));
    expect(clock.pending).toBe(0);
  });

  test('leaves no timer where handlers do not notice that they were cancelled', async () => {
    const gate = deferred();
    const { clock, dispatcher } = dispatcherOf({ handle: () => gate.promise });
    const failed = failureOf(serve(dispatcher));
    dispatcher.refuse();
    expect(clock.pending).toBe(1);
    dispatcher.cancelAll();
    await failed;
    expect(clock.pending).toBe(0);
    gate.resolve();
    await dispatcher.drain();
  });

  test('finishes what runs, for everyone who waits', async () => {
    const gate = deferred<string>();
    const { clock, dispatcher } = dispatcherOf({ handle: () => gate.promise });
    const replies = [1, 2].map(() => serve(dispatcher, new ArrivingCall()));
    await clock.advance(0);
    const drained = vi.fn();
    const waiting = [dispatcher.drain().then(drained), dispatcher.drain().then(drained)];
    await clock.advance(0);
    expect(drained).not.toHaveBeenCalled();
    gate.resolve('done');
    await Promise.all(waiting);
    expect((await Promise.all(replies)).map(({ value }) => value)).toEqual(['done', 'done']);
  });
});
