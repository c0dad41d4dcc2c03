import { setTimeout as later } from 'node:timers/promises';
import { type Intercept, type InterceptedCall, noMetadata, type Reply, ServiceError } from '@tenon/contract';
import { describe, expect, test, vi } from 'vitest';
import { ArrivingCall, serve } from '../../test/arriving-call.js';
import { controllersMadeIn } from '../../test/controllers-made-in.js';
import { dispatcherOf } from '../../test/dispatcher-under-test.js';
import { failureOf } from '../../test/failure-of.js';
import { HelloRequest } from '../../test/name-validator.js';
import { callContext } from '../context/index.js';

describe('a call', () => {
  test('is decoded as its request, validated, and answered with value, metadata and schema', async () => {
    const handle = vi.fn(async () => {
      callContext().setReplyMetadata('X-A', '1');
      return { name: 'Eve' };
    });
    const { clock, dispatcher } = dispatcherOf({ handle });
    const call = new ArrivingCall();
    const reply = await serve(dispatcher, call);
    expect(reply).toEqual({ value: { name: 'Eve' }, metadata: { 'x-a': '1' }, schema: HelloRequest });
    expect(call.decoded).toEqual([HelloRequest]);
    expect(handle.mock.calls).toEqual([[expect.any(HelloRequest)]]);
    await dispatcher.drain();
    expect(clock.pending).toBe(0);
  });

  test.each([
    ['at once', () => 'hi'],
    ['by a promise', async () => 'hi'],
    ['by a promise of another library', () => foreign('hi')],
  ])('is answered with what its handler returns %s', async (_how, handle) => {
    const call = new ArrivingCall();
    const reply = vi.spyOn(call, 'reply');
    await serve(dispatcherOf({ handle }).dispatcher, call);
    expect(reply.mock.calls).toMatchObject([[{ value: 'hi' }]]);
  });

  test('has its own context, in everything that its handler awaits', async () => {
    const { dispatcher } = dispatcherOf({
      handle: async () => {
        await later(1);
        const { service, endpoint, node, metadata, peer, timeLeftMs, requestId } = callContext();
        return { service, endpoint, node, metadata, peer: peer?.address, timeLeftMs, requestId };
      },
    });
    const replies = await Promise.all(
      ['r-1', 'r-2'].map((id) =>
        serve(dispatcher, new ArrivingCall({ metadata: { 'x-request-id': id }, deadline: 5_000 })),
      ),
    );
    expect(replies.map(({ value }) => value)).toEqual(
      ['r-1', 'r-2'].map((requestId) => ({
        service: 'greeter',
        endpoint: 'Greeter.Hello',
        node: 'n1',
        metadata: { 'x-request-id': requestId },
        peer: '127.0.0.1:5',
        timeLeftMs: 5_000,
        requestId,
      })),
    );
  });

  test('without interceptors makes no controller, and with them none unless they look at the signal', async () => {
    const plain = dispatcherOf();
    const through: Intercept = (call, next) => next(call);
    const around = dispatcherOf({ early: [through], bound: [through], used: [through] });
    const looking = dispatcherOf({ early: [(call, next) => (call.signal.aborted ? next(call) : next(call))] });
    expect(await controllersMadeIn(() => serve(plain.dispatcher))).toBe(0);
    expect(await controllersMadeIn(() => serve(around.dispatcher))).toBe(0);
    expect(await controllersMadeIn(() => serve(looking.dispatcher))).toBe(1);
  });
});

describe('interceptors', () => {
  test('run in order: early before decoding, then bound, then those of the endpoint, the first outermost', async () => {
    const seen: string[] = [];
    const marked =
      (mark: string): Intercept =>
      async (call, next) => {
        seen.push(`${mark} ${JSON.stringify(call.value)}`);
        const reply = await next(call);
        seen.push(`${mark} ends`);
        return reply;
      };
    const handle = (): string => {
      seen.push('handler');
      return 'hi';
    };
    const setting = { early: [marked('e1'), marked('e2')], bound: [marked('b')], used: [marked('u1'), marked('u2')] };
    const { dispatcher } = dispatcherOf({ handle, ...setting });
    await serve(
      dispatcher,
      new ArrivingCall({
        read: () => {
          seen.push('decoded');
          return { name: 'Ada' };
        },
      }),
    );
    const value = '{"name":"Ada"}';
    expect(seen).toEqual([
      'e1 undefined',
      'e2 undefined',
      'decoded',
      `b ${value}`,
      `u1 ${value}`,
      `u2 ${value}`,
      'handler',
      'u2 ends',
      'u1 ends',
      'b ends',
      'e2 ends',
      'e1 ends',
    ]);
  });

  test('see the call as it came, and after one that changed it as it was changed', async () => {
    const seen: InterceptedCall[] = [];
    const note: Intercept = (call, next) => {
      seen.push(call);
      return next(call);
    };
    const change: Intercept = (call, next) => next({ ...call, metadata: { ...call.metadata, 'x-b': '2' } });
    const handle = vi.fn();
    const { dispatcher } = dispatcherOf({
      handle,
      early: [note, change],
      bound: [note, (call, next) => next({ ...call, value: 'changed' })],
    });
    await serve(dispatcher, new ArrivingCall({ metadata: { 'x-a': '1' }, deadline: 5_000 }));
    const common = { side: 'server', kind: 'unary', service: 'greeter', endpoint: 'Greeter.Hello', deadline: 5_000 };
    expect(seen).toMatchObject([
      { ...common, value: undefined, metadata: { 'x-a': '1' }, peer: { address: '127.0.0.1:5' } },
      { ...common, value: { name: 'Ada' }, metadata: { 'x-a': '1', 'x-b': '2' }, peer: { address: '127.0.0.1:5' } },
    ]);
    expect(handle.mock.calls).toEqual([['changed']]);
  });

  test('may answer by themselves, and may change the reply', async () => {
    const handle = vi.fn();
    const cached: Reply = { value: 'cached', metadata: noMetadata };
    expect(await serve(dispatcherOf({ handle, early: [async () => cached] }).dispatcher)).toBe(cached);
    expect(await serve(dispatcherOf({ handle, bound: [async () => cached] }).dispatcher)).toBe(cached);
    expect(handle).not.toHaveBeenCalled();
    const louder: Intercept = async (call, next) => ({ ...(await next(call)), value: 'HI' });
    expect(await serve(dispatcherOf({ used: [louder] }).dispatcher)).toMatchObject({ value: 'HI' });
  });

  test('that are early see every outcome, also of calls that are refused', async () => {
    const seen: string[] = [];
    const note: Intercept = async (call, next) => {
      try {
        return await next(call);
      } catch (thrown) {
        seen.push(`${call.endpoint}: ${ServiceError.from(thrown).code}`);
        throw thrown;
      }
    };
    const { dispatcher } = dispatcherOf({ early: [note] });
    await failureOf(serve(dispatcher, new ArrivingCall({ endpoint: 'Greeter.Bye' })));
    await failureOf(serve(dispatcher, new ArrivingCall({ deadline: 0 })));
    await failureOf(serve(dispatcher, new ArrivingCall({ read: () => ({}) })));
    await dispatcher.drain();
    await failureOf(serve(dispatcher));
    expect(seen).toEqual([
      'Greeter.Bye: Unimplemented',
      'Greeter.Hello: DeadlineExceeded',
      'Greeter.Hello: InvalidArgument',
      'Greeter.Hello: Unavailable',
    ]);
  });
});

/** As promises of other libraries and query builders are: they have `then`, which answers one of their own kind. */
function foreign(value: unknown): object {
  const then = (onValue?: (value: unknown) => unknown): object =>
    foreign(onValue === undefined ? value : onValue(value));
  return Object.defineProperty({}, 'then', { value: then });
}
