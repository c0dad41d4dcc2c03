import { jsonCodec } from '@tenon/codec-json';
import {
  type Call,
  Client,
  type Codec,
  type Intercept,
  type InterceptedCall,
  type Interceptor,
  noMetadata,
  type Provider,
  ServiceError,
} from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, test, vi } from 'vitest';
import { failureOf } from '../../test/failure-of.js';
import { hello } from '../../test/greeter.js';
import { listenersOn } from '../../test/listeners-on.js';
import { RecordingLogger } from '../../test/recording-logger.js';
import { ScriptedSelector } from '../../test/scripted-selector.js';
import { failing, replying, ScriptedTransport } from '../../test/scripted-transport.js';
import { CallContext, runInContext } from '../context/index.js';
import { callClient, replyValue } from './call-client.js';
import type { ClientOptions } from './client-options.js';

function setUp({ options = {} as ClientOptions, interceptors = [] as Intercept[] } = {}) {
  const clock = new FakeClock();
  const selector = new ScriptedSelector(['a', 'b']);
  const transport = new ScriptedTransport().answer('a:1', replying('hi'));
  const bound = interceptors.map(
    (intercept, index): Interceptor => ({ name: `i${index}`, places: ['client'], intercept }),
  );
  const codec = (jsonCodec() as Provider<Codec>).create as () => Codec;
  const create = callClient(options).create as unknown as (...parts: unknown[]) => Client;
  const client = create([transport], selector, undefined, [codec()], undefined, bound, clock, new RecordingLogger());
  const sent = (): Call => transport.calls[0]?.call as Call;
  return { clock, selector, transport, client, sent };
}

test('its options are checked when it is provided, before anything is made', () => {
  expect(callClient().token).toBe(Client);
  expect(() => callClient({ timeoutMs: 0 })).toThrow('client.timeoutMs is 0');
});

test('a call carries endpoint, value, metadata, deadline and content type, and hands out the reply', async () => {
  const { client, transport, sent } = setUp({ options: { contentType: 'application/json' } });
  const reply = { value: { greeting: 'hi' }, metadata: { 'x-a': '1' } };
  transport.answer('a:1', () => reply);
  const onReply = vi.fn();
  expect(await client.unary(hello, { name: 'Ada' }, { metadata: { 'X-B': '2' }, onReply })).toBe(reply);
  expect(sent()).toMatchObject({
    endpoint: hello,
    value: { name: 'Ada' },
    metadata: { 'x-b': '2' },
    deadline: 10_000,
    cancellation: undefined,
    contentType: 'application/json',
  });
  expect(onReply.mock.calls).toEqual([[{ 'x-a': '1' }]]);
});

test('the value alone is what the reply has, and fails as the call does', async () => {
  const { client, transport } = setUp();
  expect(await replyValue(client, hello, {})).toBe('hi');
  transport.answer('a:1', failing('NotFound', 'x', { executed: 'yes' }));
  expect(await failureOf(replyValue(client, hello, {}))).toMatchObject({ code: 'NotFound', endpoint: 'Greeter.Hello' });
});

test('a client whose calls somebody watches or wraps is asked for the value by its own unary()', async () => {
  const watched = setUp().client;
  const unary = vi.spyOn(watched, 'unary');
  expect(await replyValue(watched, hello, { name: 'Ada' }, { timeoutMs: 5 })).toBe('hi');
  expect(unary.mock.calls).toEqual([[hello, { name: 'Ada' }, { timeoutMs: 5 }]]);
  const reply = async () => ({ value: 'wrapped', metadata: noMetadata });
  const { client } = setUp();
  const proxy = new Proxy(client, { get: (inner, name) => (name === 'unary' ? reply : Reflect.get(inner, name)) });
  expect(await replyValue(proxy, hello, {})).toBe('wrapped');
});

test('metadata of a reply is not handed out where there is no reply', async () => {
  const { client, transport } = setUp();
  transport.answer('a:1', failing('NotFound', 'x', { executed: 'yes' }));
  const onReply = vi.fn();
  await failureOf(client.unary(hello, {}, { onReply }));
  expect(onReply).not.toHaveBeenCalled();
});

describe('every error', () => {
  test.each([
    ['an option out of range', { timeoutMs: 0 }, 'InvalidArgument'],
    ['bad metadata', { metadata: { 'a b': 'c' } }, 'InvalidArgument'],
    ['metadata that is too large', { metadata: { a: 'b'.repeat(9_000) } }, 'ResourceExhausted'],
    ['a signal that was aborted before', { signal: AbortSignal.abort() }, 'Canceled'],
  ])('says where it belongs and that nothing ran, as for %s', async (_what, options, code) => {
    const { client, transport } = setUp();
    expect(await failureOf(client.unary(hello, {}, options))).toMatchObject({
      code,
      executed: 'no',
      service: 'greeter',
      endpoint: 'Greeter.Hello',
    });
    expect(transport.calls).toEqual([]);
  });

  test('is a ServiceError, also of an interceptor or a listener that throws something else', async () => {
    const throwing = setUp({
      interceptors: [
        () => {
          throw new TypeError('odd');
        },
      ],
    });
    const place = { service: 'greeter', endpoint: 'Greeter.Hello' };
    expect(await failureOf(throwing.client.unary(hello, {}))).toMatchObject({ code: 'Internal', ...place });
    const onReply = (): void => {
      throw new TypeError('odd');
    };
    expect(await failureOf(setUp().client.unary(hello, {}, { onReply }))).toMatchObject({
      code: 'Internal',
      executed: 'maybe',
      ...place,
    });
  });
});

describe('interceptors', () => {
  test('that take their time do not count against the node', async () => {
    const { client, clock, selector } = setUp({
      interceptors: [
        async (call, next) => {
          await clock.advance(30);
          return next(call);
        },
      ],
    });
    await client.unary(hello, {});
    expect(selector.reports).toMatchObject([{ outcome: { elapsedMs: 0, endedAt: 30 } }]);
  });

  test('are around the whole call with all its attempts, the first outermost', async () => {
    const seen: string[] = [];
    const marked =
      (mark: string): Intercept =>
      async (call, next) => {
        seen.push(`${mark} ${call.endpoint}`);
        const reply = await next(call);
        seen.push(`${mark} ${reply.value}`);
        return reply;
      };
    const { client, transport } = setUp({ interceptors: [marked('outer'), marked('inner')] });
    transport.answer('a:1', failing('Unavailable', 'x', { executed: 'no' })).answer('b:1', replying('hi'));
    await client.unary(hello, {});
    expect(seen).toEqual(['outer Greeter.Hello', 'inner Greeter.Hello', 'inner hi', 'outer hi']);
    expect(transport.calls).toHaveLength(2);
  });

  test('may change value and metadata, which are checked again, and the reply', async () => {
    const { client, sent } = setUp({
      interceptors: [
        async (call, next) => {
          const reply = await next({ ...call, value: 'changed', metadata: { ...call.metadata, 'X-B': '2' } });
          return { ...reply, value: `${reply.value}!` };
        },
      ],
    });
    expect(await client.unary(hello, 'given', { metadata: { 'x-a': '1' } })).toMatchObject({ value: 'hi!' });
    expect(sent()).toMatchObject({ value: 'changed', metadata: { 'x-a': '1', 'x-b': '2' } });
    const spoiling = setUp({ interceptors: [(call, next) => next({ ...call, metadata: { 'a b': 'c' } })] });
    expect(await failureOf(spoiling.client.unary(hello, {}))).toMatchObject({
      code: 'InvalidArgument',
      executed: 'no',
    });
    expect(spoiling.transport.calls).toEqual([]);
  });

  test.each([
    [500, 500],
    [20_000, 10_000],
    [Number.POSITIVE_INFINITY, 10_000],
  ])('may make the deadline earlier but not later: %d ms becomes %d', async (deadline, kept) => {
    const { client, sent } = setUp({ interceptors: [(call, next) => next({ ...call, deadline })] });
    await client.unary(hello, {});
    expect(sent().deadline).toBe(kept);
  });

  test('may answer without a call', async () => {
    const { client, transport } = setUp({ interceptors: [async () => ({ value: 'cached', metadata: noMetadata })] });
    expect(await client.unary(hello, {})).toMatchObject({ value: 'cached' });
    expect(transport.calls).toEqual([]);
  });

  test('that fail, fail that call alone', async () => {
    let calls = 0;
    const { client } = setUp({
      interceptors: [
        (call, next) => {
          calls += 1;
          if (calls === 1) throw new ServiceError('PermissionDenied', 'not you', { executed: 'no' });
          return next(call);
        },
      ],
    });
    expect(await failureOf(client.unary(hello, {}))).toMatchObject({ code: 'PermissionDenied', executed: 'no' });
    expect(await client.unary(hello, {})).toMatchObject({ value: 'hi' });
  });

  test('that are bound elsewhere do not run here', async () => {
    const create = callClient().create as unknown as (...parts: unknown[]) => Client;
    const intercept = vi.fn();
    const transport = new ScriptedTransport().answer('a:1', replying('hi'));
    const bound = [{ name: 'i', places: ['server', 'early'], intercept }];
    const parts = [undefined, [], undefined, bound, new FakeClock(), new RecordingLogger()];
    await create([transport], new ScriptedSelector(['a']), ...parts).unary(hello, {});
    expect(intercept).not.toHaveBeenCalled();
  });
});

const looking = (call: InterceptedCall): void => expect(call.signal.aborted).toBe(false);

test.each<[how: string, Intercept]>([
  [
    'pass on what they get',
    (call, next) => {
      looking(call);
      return next(call);
    },
  ],
  [
    'wait for what they get',
    async (call, next) => {
      looking(call);
      const reply = await next(call);
      looking(call);
      return reply;
    },
  ],
  [
    'answer themselves, after a while',
    async (call) => {
      looking(call);
      await Promise.resolve();
      throw new ServiceError('NotFound', 'x');
    },
  ],
  [
    'fail after the call',
    async (call, next) => {
      looking(call);
      await next(call);
      throw new ServiceError('NotFound', 'x');
    },
  ],
  [
    'fail without waiting for the call, which fails later',
    async (call, next) => {
      looking(call);
      void next(call);
      throw new ServiceError('NotFound', 'x');
    },
  ],
])('a call leaves no timer and no listener behind, where interceptors %s', async (_how, intercept) => {
  const { client, clock, transport } = setUp({ interceptors: [intercept] });
  const [service, endpoint, deadline] = ['front', 'Front.Ask', 60_000];
  const init = { service, endpoint, deadline, metadata: noMetadata, peer: undefined, node: 'n1', clock };
  const context = new CallContext(init);
  const own = new AbortController();
  await runInContext(context, async () => {
    await client.unary(hello, {}, { signal: own.signal }).catch(() => {});
    transport.answer('a:1', failing('NotFound', 'x', { executed: 'yes' }));
    await failureOf(client.unary(hello, {}, { signal: own.signal }));
    await new Promise((resolve) => setImmediate(resolve));
  });
  expect([listenersOn(own.signal), listenersOn(context.signal)]).toEqual([0, 0]);
  await client.close();
  expect(clock.pending).toBe(0);
});

describe('closing', () => {
  test('closes connections and the selector, twice is fine, and later calls are refused', async () => {
    const { client, selector, transport } = setUp();
    await client.unary(hello, {});
    await client.close();
    await client.close();
    expect([transport.closes, selector.closed]).toEqual([1, true]);
    expect(await failureOf(client.unary(hello, {}, { address: 'a:1' }))).toMatchObject({
      code: 'FailedPrecondition',
      executed: 'no',
    });
  });

  test('closes the selector also where a connection cannot be closed', async () => {
    const { client, selector, transport } = setUp();
    await client.unary(hello, {});
    const error = new Error('stuck');
    transport.beforeClose = () => Promise.reject(error);
    await expect(client.close()).rejects.toBe(error);
    expect(selector.closed).toBe(true);
  });
});
