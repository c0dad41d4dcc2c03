import { setTimeout as later } from 'node:timers/promises';
import { noMetadata, ServiceError } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, test, vi } from 'vitest';
import { controllersMadeIn } from '../../test/controllers-made-in.js';
import { failureOf } from '../../test/failure-of.js';
import {
  CallContext,
  type CallContextInit,
  callContext,
  currentCall,
  runInContext,
  runOutsideCalls,
} from './call-context.js';

const clock = new FakeClock();

function contextOf(changes: Partial<CallContextInit> = {}): CallContext {
  return new CallContext({
    service: 'greeter',
    endpoint: 'Greeter.Hello',
    metadata: noMetadata,
    deadline: 1_000,
    peer: undefined,
    node: 'n1',
    clock,
    ...changes,
  });
}

const reason = new ServiceError('Canceled', 'the caller left');

describe('where it is found', () => {
  test('a handler and everything that it awaits see its own context', async () => {
    const seen = await Promise.all(
      ['a', 'b'].map((node) =>
        runInContext(contextOf({ node }), async () => {
          await later(1);
          return [callContext().node, currentCall()?.node];
        }),
      ),
    );
    expect(seen).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ]);
  });

  test('outside of a handler asking for it is an error, which says so', async () => {
    expect(currentCall()).toBeUndefined();
    expect(await failureOf(() => callContext())).toMatchObject({
      code: 'FailedPrecondition',
      executed: 'no',
      rawMessage: 'callContext() was called outside of an endpoint or subscription handler',
    });
  });

  test('what is run outside of calls does not see it, nor does anything that it starts', async () => {
    const seen = await runInContext(contextOf(), async () => {
      const outside = runOutsideCalls(async () => {
        await later(1);
        return currentCall();
      });
      return [await outside, currentCall()?.node];
    });
    expect(seen).toEqual([undefined, 'n1']);
  });
});

describe('time', () => {
  test('runs down to zero and not below', async () => {
    const own = new FakeClock();
    const context = contextOf({ clock: own, deadline: 1_000 });
    await own.advance(400);
    expect(context.timeLeftMs).toBe(600);
    await own.advance(5_000);
    expect(context.timeLeftMs).toBe(0);
  });

  test('is without end for an event', () => {
    expect(contextOf({ deadline: Number.POSITIVE_INFINITY }).timeLeftMs).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('cancelling', () => {
  test('makes no signal unless somebody looks, and then one', async () => {
    const context = contextOf();
    expect(await controllersMadeIn(() => context.cancel(reason))).toBe(0);
    expect(await controllersMadeIn(() => [context.signal, context.signal])).toBe(1);
  });

  test('aborts the signal with its reason', () => {
    const context = contextOf();
    const { signal } = context;
    expect([signal.aborted, context.canceled]).toEqual([false, undefined]);
    context.cancel(reason);
    expect([signal.aborted, signal.reason, context.canceled]).toEqual([true, reason, reason]);
  });

  test('is found by whoever looks at the signal only afterwards', () => {
    const context = contextOf();
    context.cancel(reason);
    expect([context.signal.aborted, context.signal.reason]).toEqual([true, reason]);
  });

  test('keeps the first reason, and everyone who listens is told it once', () => {
    const [one, other] = [listener(), listener()];
    const context = contextOf();
    context.listen(one);
    context.listen(other);
    context.listen(other);
    context.cancel(reason);
    context.cancel(new ServiceError('DeadlineExceeded', 'late'));
    expect(context.signal.reason).toBe(reason);
    expect([one.onCancel.mock.calls, other.onCancel.mock.calls]).toEqual([[[reason]], [[reason]]]);
  });

  test('is not told to those who no longer listen, also where the last one to be told made them stop', () => {
    const [early, late, first] = [listener(), listener(), listener()];
    const context = contextOf();
    context.unlisten(early);
    for (const each of [early, first, late]) context.listen(each);
    context.unlisten(early);
    first.onCancel.mockImplementation(() => context.unlisten(late));
    context.cancel(reason);
    expect([early, first, late].map(({ onCancel }) => onCancel.mock.calls.length)).toEqual([0, 1, 0]);
  });

  test('is told to nobody who begins to listen afterwards, or while others are told', () => {
    const [first, during, after] = [listener(), listener(), listener()];
    const context = contextOf();
    context.listen(first);
    first.onCancel.mockImplementation(() => context.listen(during));
    context.cancel(reason);
    context.listen(after);
    context.cancel(reason);
    expect([first, during, after].map(({ onCancel }) => onCancel.mock.calls.length)).toEqual([1, 0, 0]);
  });

  function listener() {
    return { onCancel: vi.fn<(reason: ServiceError) => void>() };
  }
});

describe('the request id', () => {
  test('is what the caller sent', () => {
    expect(contextOf({ metadata: { 'x-request-id': 'r-7' } }).requestId).toBe('r-7');
  });

  test('is made once where the caller sent none', () => {
    const context = contextOf();
    expect(context.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(context.requestId).toBe(context.requestId);
    expect(contextOf().requestId).not.toBe(context.requestId);
  });
});

describe('reply metadata', () => {
  test('is empty, and then what was set, keys in lower case, the last value of each', () => {
    const context = contextOf();
    expect(context.replyMetadata).toBe(noMetadata);
    context.setReplyMetadata('X-A', '1');
    context.setReplyMetadata('x-b', '2');
    context.setReplyMetadata('X-a', '3');
    context.setReplyMetadata('__proto__', '4');
    expect(Object.entries(context.replyMetadata)).toEqual([
      ['x-a', '3'],
      ['x-b', '2'],
      ['__proto__', '4'],
    ]);
    expect(Object.isFrozen(context.replyMetadata)).toBe(true);
  });

  test.each([
    ['no token', 'x'],
    ['', 'x'],
    ['x', 'a\r\nx-evil: 1'],
    ['x', 7 as unknown as string],
  ])('%j: %j is refused, by an error that does not say that the handler did not run', async (key, value) => {
    const context = contextOf();
    context.setReplyMetadata('x-a', '1');
    expect(await failureOf(() => context.setReplyMetadata(key, value))).toMatchObject({
      code: 'InvalidArgument',
      executed: 'yes',
    });
    expect(context.replyMetadata).toEqual({ 'x-a': '1' });
  });

  test('has limits, which replacing a value does not touch', async () => {
    const context = contextOf();
    for (let index = 0; index < 64; index += 1) context.setReplyMetadata(`x-${index}`, 'v');
    context.setReplyMetadata('X-1', 'w');
    expect(await failureOf(() => context.setReplyMetadata('one-more', 'v'))).toMatchObject({
      code: 'ResourceExhausted',
      executed: 'yes',
    });
  });

  test('is refused once the reply is on its way', async () => {
    const context = contextOf();
    context.setReplyMetadata('x-a', '1');
    context.beginReply();
    expect(await failureOf(() => context.setReplyMetadata('x-b', '2'))).toMatchObject({
      code: 'FailedPrecondition',
      executed: 'yes',
      rawMessage: 'reply metadata "x-b" was set after the first message of the stream, which it goes ahead of',
    });
    expect(context.replyMetadata).toEqual({ 'x-a': '1' });
  });
});
