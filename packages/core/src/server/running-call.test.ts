import { type Intercept, noMetadata, ServiceError } from '@tenon/contract';
import { describe, expect, test, vi } from 'vitest';
import { ArrivingCall, serve } from '../../test/arriving-call.js';
import { deferred } from '../../test/deferred.js';
import { type DispatcherSetting, dispatcherOf } from '../../test/dispatcher-under-test.js';
import { failureOf } from '../../test/failure-of.js';
import { collected, FedMessages } from '../../test/fed-messages.js';
import { callContext } from '../context/index.js';

const left = new ServiceError('Canceled', 'the caller left');

/** A server stream whose replies are fed by hand. */
function streaming(setting: DispatcherSetting = {}) {
  const replies = new FedMessages();
  const call = new ArrivingCall({ kind: 'server' });
  const all = dispatcherOf({ kind: 'server', handle: () => replies, ...setting });
  const drained = vi.fn();
  /** Whether nothing of the call runs any more; the dispatcher takes no further calls. */
  const idle = async (): Promise<boolean> => {
    if (drained.mock.calls.length === 0) void all.dispatcher.drain().then(drained);
    await all.clock.advance(0);
    return drained.mock.calls.length > 0;
  };
  return { ...all, replies, call, idle };
}

describe('a stream of replies', () => {
  test('is answered with its first message, and no further one is pulled before it is asked for', async () => {
    const { dispatcher, replies, call, idle } = streaming();
    const answered = serve(dispatcher, call);
    expect(call.answers).toBe(0);
    replies.push(1, 2, 3).end();
    const { messages, value } = await answered;
    expect([value, replies.pulls]).toEqual([undefined, 1]);
    const iterator = messages?.[Symbol.asyncIterator]();
    expect(await iterator?.next()).toEqual({ done: false, value: 1 });
    expect(replies.pulls).toBe(1);
    expect(await iterator?.next()).toEqual({ done: false, value: 2 });
    expect([replies.pulls, await idle()]).toEqual([2, false]);
    expect([await collected(messages), await idle()]).toEqual([[3], true]);
  });

  test('that has none is answered with no message', async () => {
    const { dispatcher, replies, call, idle } = streaming();
    replies.end();
    const { messages } = await serve(dispatcher, call);
    expect([await collected(messages), await idle(), call.answers]).toEqual([[], true, 1]);
  });

  test('has no deadline of the server, for it may go on', async () => {
    const { clock, dispatcher, replies, call } = streaming();
    replies.push(1);
    const { messages } = await serve(dispatcher, call);
    await clock.advance(600_000);
    replies.push(2).end();
    expect(await collected(messages)).toEqual([1, 2]);
    await dispatcher.drain();
  });

  test('may be promised', async () => {
    const { dispatcher, call, idle } = streaming({ handle: async () => new FedMessages().push(1).end() });
    expect(await collected((await serve(dispatcher, call)).messages)).toEqual([1]);
    expect(await idle()).toBe(true);
  });
});

describe('a stream that fails', () => {
  const failing = new ServiceError('NotFound', 'no such name', { details: { name: 'Ada' } });

  test.each([
    ['what the handler said', failing, 'NotFound', 'yes'],
    ['nothing of what it did not mean to say', new TypeError('odd'), 'Internal', 'yes'],
    ['that it did not run, where it vouches', failing.with({ executed: 'no' }), 'NotFound', 'no'],
  ])('before its first message fails the call, with %s', async (_what, thrown, code, executed) => {
    const { dispatcher, logger, replies, call, idle } = streaming();
    replies.fail(thrown);
    expect(await failureOf(serve(dispatcher, call))).toMatchObject({ code, executed, endpoint: 'Greeter.Hello' });
    expect([await idle(), call.answers, logger.complaints.length]).toEqual([true, 1, code === 'Internal' ? 1 : 0]);
  });

  test.each([
    ['what the handler said', failing, 'NotFound'],
    ['nothing of what it did not mean to say', new TypeError('odd'), 'Internal'],
  ])('after its first message fails the iteration, with %s', async (_what, thrown, code) => {
    const { dispatcher, logger, replies, call, idle } = streaming();
    replies.push(1).fail(thrown);
    const { messages } = await serve(dispatcher, call);
    const error = await failureOf(collected(messages));
    expect(error).toMatchObject({ code, executed: 'yes', service: 'greeter', endpoint: 'Greeter.Hello' });
    expect([await idle(), logger.complaints.length]).toEqual([true, code === 'Internal' ? 1 : 0]);
    expect(error.message).not.toContain('odd');
  });

  test('because its handler returned none says what to write instead, to whoever runs the server', async () => {
    const { dispatcher, logger, call, idle } = streaming({ handle: () => [1, 2] });
    expect(await failureOf(serve(dispatcher, call))).toMatchObject({ code: 'Internal', executed: 'yes' });
    expect(await idle()).toBe(true);
    const [line] = logger.complaints;
    expect(String(line?.fields['error'])).toContain('Greeter.Hello is declared as a stream of replies');
  });

  test('because its handler throws at once fails the call', async () => {
    const { dispatcher, call, idle } = streaming({
      handle: () => {
        throw failing;
      },
    });
    expect(await failureOf(serve(dispatcher, call))).toMatchObject({ code: 'NotFound', executed: 'yes' });
    expect(await idle()).toBe(true);
  });
});

describe('a caller that leaves', () => {
  test('before the first message is answered at once; the call runs until its generator has ended', async () => {
    const { clock, dispatcher, replies, call, idle } = streaming();
    const gate = deferred();
    replies.beforeReturn = () => gate.promise;
    const failed = failureOf(serve(dispatcher, call));
    await clock.advance(0);
    expect(replies.pulls).toBe(1);
    call.cancel(left);
    expect(await failed).toMatchObject({ code: 'Canceled', rawMessage: 'the caller left', executed: 'maybe' });
    expect([replies.returns, await idle()]).toEqual([1, false]);
    gate.resolve();
    expect([await idle(), call.answers]).toEqual([true, 1]);
  });

  test('between two messages ends the iteration with its reason; the call runs until its generator has ended', async () => {
    const { dispatcher, replies, call, idle } = streaming();
    const gate = deferred();
    replies.beforeReturn = () => gate.promise;
    replies.push(1);
    const { messages } = await serve(dispatcher, call);
    const iterator = messages?.[Symbol.asyncIterator]();
    await iterator?.next();
    const waiting = failureOf(async () => iterator?.next());
    call.cancel(left);
    expect(await waiting).toMatchObject({ code: 'Canceled', executed: 'maybe' });
    expect(await idle()).toBe(false);
    gate.resolve();
    expect([await idle(), replies.returns, call.answers]).toEqual([true, 1, 1]);
  });

  test('is no concern of a generator that ignores it, which still counts as running until it ends', async () => {
    const steps: string[] = [];
    const gate = deferred();
    async function* ignorant(): AsyncGenerator<number> {
      try {
        yield 1;
        await gate.promise;
        steps.push('went on');
        yield 2;
        steps.push('was asked for more');
      } finally {
        steps.push('ended');
      }
    }
    const { dispatcher, call, idle } = streaming({ handle: ignorant });
    const { messages } = await serve(dispatcher, call);
    const iterator = messages?.[Symbol.asyncIterator]();
    await iterator?.next();
    const failed = failureOf(async () => iterator?.next());
    call.cancel(left);
    await failed;
    expect([await idle(), steps]).toEqual([false, []]);
    gate.resolve();
    expect([await idle(), steps]).toEqual([true, ['went on', 'ended']]);
  });

  test('while the handler makes its stream keeps this from being begun', async () => {
    const gate = deferred();
    const begun = vi.fn();
    const { dispatcher, call, idle } = streaming({
      handle: async () => {
        await gate.promise;
        return (async function* () {
          begun();
          yield 1;
        })();
      },
    });
    const failed = failureOf(serve(dispatcher, call));
    call.cancel(left);
    expect(await failed).toMatchObject({ code: 'Canceled', executed: 'maybe' });
    gate.resolve();
    expect([await idle(), begun.mock.calls, call.answers]).toEqual([true, [], 1]);
  });

  test('while an interceptor holds the reply back ends the stream', async () => {
    const gate = deferred();
    const slow: Intercept = async (seen, next) => {
      const reply = await next(seen);
      await gate.promise;
      return reply;
    };
    const { clock, dispatcher, replies, call, idle } = streaming({ bound: [slow] });
    replies.push(1);
    const failed = failureOf(serve(dispatcher, call));
    await clock.advance(0);
    call.cancel(left);
    await failed;
    expect([replies.returns, await idle()]).toEqual([1, false]);
    gate.resolve();
    expect([await idle(), call.answers]).toEqual([true, 1]);
  });

  test('early, by leaving the iteration, makes the generator run its finally in the context of the call', async () => {
    const seen: unknown[] = [];
    const { dispatcher, call, idle } = streaming({
      async *handle() {
        try {
          for (let n = 0; ; n += 1) yield n;
        } finally {
          seen.push(callContext().endpoint);
        }
      },
    });
    const { messages } = await serve(dispatcher, call);
    for await (const value of messages ?? []) if (value === 3) break;
    expect([seen, await idle()]).toEqual([['Greeter.Hello'], true]);
  });

  test('aborts the signal that the generator looks at', async () => {
    const { dispatcher, call, idle } = streaming({
      async *handle() {
        const { signal } = callContext();
        yield 1;
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    });
    const { messages } = await serve(dispatcher, call);
    const failed = failureOf(collected(messages));
    expect(await idle()).toBe(false);
    call.cancel(left);
    expect([await failed, await idle()]).toMatchObject([{ code: 'Canceled' }, true]);
  });
});

describe('the deadline of a stream', () => {
  test.each([0, 1])('holds after %d messages, and is felt by the handler', async (messages) => {
    const { clock, dispatcher, replies, idle } = streaming();
    const call = new ArrivingCall({ kind: 'server', deadline: 500 });
    if (messages > 0) replies.push(1);
    const failed = failureOf(serve(dispatcher, call).then((reply) => collected(reply.messages)));
    await clock.advance(499);
    expect(replies.returns).toBe(0);
    await clock.advance(1);
    expect(await failed).toMatchObject({ code: 'DeadlineExceeded', executed: 'maybe' });
    expect([replies.returns, await idle(), clock.pending]).toEqual([1, true, 0]);
  });

  test('is taken away at its end', async () => {
    const signals: AbortSignal[] = [];
    const { clock, dispatcher } = streaming({
      async *handle() {
        signals.push(callContext().signal);
        yield 1;
      },
    });
    const call = new ArrivingCall({ kind: 'server', deadline: 500 });
    expect(await collected((await serve(dispatcher, call)).messages)).toEqual([1]);
    await clock.advance(1_000);
    expect([signals.map(({ aborted }) => aborted), clock.pending]).toEqual([[false], 0]);
  });
});

describe('a call runs', () => {
  test.each([
    ['has ended', (replies: FedMessages) => replies.end()],
    ['has failed', (replies: FedMessages) => replies.fail(left)],
  ])('as long as its interceptors do, also where its stream %s before', async (_how, feed) => {
    const gate = deferred();
    const slow: Intercept = async (seen, next) => {
      try {
        return await next(seen);
      } finally {
        await gate.promise;
      }
    };
    const { dispatcher, replies, call, idle } = streaming({ early: [slow] });
    feed(replies);
    void serve(dispatcher, call).catch(() => {});
    expect([await idle(), call.answers]).toEqual([false, 0]);
    gate.resolve();
    expect([await idle(), call.answers]).toEqual([true, 1]);
  });

  test('no longer where an interceptor keeps back its replies, which are left', async () => {
    const instead: Intercept = async (seen, next) => {
      await next(seen);
      return { value: 'instead', metadata: noMetadata };
    };
    const { dispatcher, replies, call, idle } = streaming({ bound: [instead] });
    replies.push(1);
    expect(await serve(dispatcher, call)).toMatchObject({ value: 'instead' });
    expect([replies.returns, await idle()]).toEqual([1, true]);
  });

  test('no longer where an interceptor fails after the first message', async () => {
    const spoiling: Intercept = async (seen, next) => {
      await next(seen);
      throw new ServiceError('Aborted', 'changed my mind');
    };
    const { dispatcher, replies, call, idle } = streaming({ bound: [spoiling] });
    replies.push(1);
    expect(await failureOf(serve(dispatcher, call))).toMatchObject({ code: 'Aborted', executed: 'yes' });
    expect([replies.returns, await idle()]).toEqual([1, true]);
  });

  test('until all are cancelled at shutdown, each stream with the reason', async () => {
    const { dispatcher, replies, call, idle } = streaming();
    replies.push(1);
    const { messages } = await serve(dispatcher, call);
    expect(await idle()).toBe(false);
    dispatcher.cancelAll();
    expect(await failureOf(collected(messages))).toMatchObject({ code: 'Unavailable', executed: 'maybe' });
    expect([await idle(), replies.returns]).toEqual([true, 1]);
  });
});
