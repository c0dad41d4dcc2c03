import {
  type Call,
  type Client,
  type Intercept,
  type Interceptor,
  noMetadata,
  type Reply,
  ServiceError,
} from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, test, vi } from 'vitest';
import { controllersMadeIn } from '../../test/controllers-made-in.js';
import { failureOf } from '../../test/failure-of.js';
import { collected, FedMessages } from '../../test/fed-messages.js';
import { hello } from '../../test/greeter.js';
import { listenersOn } from '../../test/listeners-on.js';
import { RecordingLogger } from '../../test/recording-logger.js';
import { ScriptedSelector } from '../../test/scripted-selector.js';
import { failing, ScriptedTransport, streaming } from '../../test/scripted-transport.js';
import { CallContext, runInContext } from '../context/index.js';
import { callClient } from './call-client.js';

const server = { ...hello, kind: 'server' } as const;
const client = { ...hello, kind: 'client' } as const;
const bidi = { ...hello, kind: 'bidi' } as const;

function setUp(...interceptors: Intercept[]) {
  const clock = new FakeClock();
  const selector = new ScriptedSelector(['a', 'b']);
  const replies = new FedMessages();
  const transport = new ScriptedTransport().answer('a:1', streaming(replies));
  const bound = interceptors.map(
    (intercept, index): Interceptor => ({ name: `i${index}`, places: ['client'], intercept }),
  );
  const create = callClient().create as unknown as (...parts: unknown[]) => Client;
  const made = create([transport], selector, undefined, [], undefined, bound, clock, new RecordingLogger());
  const sent = (): Call => transport.calls.at(-1)?.call as Call;
  return { clock, selector, replies, transport, made, sent };
}

async function* marked(messages: AsyncIterable<unknown> | undefined, mark: string): AsyncGenerator<string> {
  for await (const message of messages ?? []) yield `${message}${mark}`;
}

describe('a stream', () => {
  test('of replies carries its one request, and hands out metadata before its messages', async () => {
    const { made, replies, transport, sent } = setUp();
    const metadata = { 'x-a': '1' };
    transport.answer('a:1', () => ({ value: undefined, messages: replies, metadata }));
    replies.push(1, 2).end();
    const heard: unknown[] = [];
    const onReply = (given: unknown): void => void heard.push([given, replies.pulls]);
    const reply = await made.stream(server, { to: 2 }, { onReply });
    expect([heard, reply.metadata]).toEqual([[[metadata, 0]], metadata]);
    expect(sent()).toMatchObject({ endpoint: server, value: { to: 2 }, messages: undefined });
    expect(await collected(reply.messages)).toEqual([1, 2]);
  });

  test('of requests carries them, and resolves with the one reply', async () => {
    const { made, transport, sent } = setUp();
    transport.answer('a:1', async ({ messages }) => ({
      value: await collected(messages as AsyncIterable<unknown>),
      metadata: noMetadata,
    }));
    expect(await made.stream(client, new FedMessages().push(1, 2).end())).toMatchObject({ value: [1, 2] });
    expect(sent()).toMatchObject({ endpoint: client, value: undefined });
  });

  test.each([undefined, null, { name: 'Ada' }, [1, 2], 'text'])('of requests refuses %j for them', async (request) => {
    const { made, transport } = setUp();
    expect(await failureOf(made.stream(bidi, request))).toMatchObject({
      code: 'InvalidArgument',
      executed: 'no',
      service: 'greeter',
      endpoint: 'Greeter.Hello',
      rawMessage: expect.stringContaining('call it with an async iterable'),
    });
    expect(transport.calls).toEqual([]);
  });

  test('has no deadline, unless it names one or is made inside a call that has one', async () => {
    const { clock, made, replies, sent } = setUp();
    await clock.advance(50);
    await made.stream(server, {});
    expect(sent().deadline).toBe(Number.POSITIVE_INFINITY);
    await made.stream(server, {}, { timeoutMs: 700 });
    expect(sent().deadline).toBe(750);
    await runInContext(contextOf(clock, 5_000), () => made.stream(server, {}));
    expect(sent().deadline).toBe(5_000);
    await runInContext(contextOf(clock, 5_000), () => made.stream(server, {}, { timeoutMs: 700 }));
    expect(sent().deadline).toBe(750);
    expect(replies.pulls).toBe(0);
  });

  test.each([
    ['fails', failing('NotFound', 'x', { executed: 'yes' }), 'NotFound'],
    ['is answered by something odd', failing('Internal', 'odd'), 'Internal'],
  ])('that %s at once rejects with a ServiceError that says where', async (_how, answer, code) => {
    const { made, transport } = setUp();
    transport.answer('a:1', answer);
    expect(await failureOf(made.stream(server, {}))).toMatchObject({ code, endpoint: 'Greeter.Hello', node: 'a' });
  });

  test('whose metadata its caller cannot take ends', async () => {
    const { made, replies, selector } = setUp();
    const onReply = (): void => {
      throw new TypeError('odd');
    };
    expect(await failureOf(made.stream(server, {}, { onReply }))).toMatchObject({
      code: 'Internal',
      endpoint: 'Greeter.Hello',
    });
    await Promise.resolve();
    expect([replies.returns, selector.reports.length]).toEqual([1, 1]);
  });
});

describe('interceptors of a stream', () => {
  test('see its messages of both ways, and may wrap them', async () => {
    const { made, transport } = setUp(async (call, next) => {
      const reply = await next({ ...call, messages: marked(call.messages, '>') });
      return { ...reply, messages: marked(reply.messages, '<') };
    });
    transport.answer('a:1', ({ messages }) => ({ value: undefined, messages: marked(messages, '!'), metadata: {} }));
    const { messages } = await made.stream(bidi, new FedMessages().push('a', 'b').end());
    expect(await collected(messages)).toEqual(['a>!<', 'b>!<']);
  });

  test("leave the caller's own generator, also where they wrapped it and the call ends early", async () => {
    const { made, transport } = setUp((call, next) => next({ ...call, messages: marked(call.messages, '>') }));
    const requests = new FedMessages().push('a', 'b');
    transport.answer('a:1', async ({ messages }) => {
      const first = await messages?.[Symbol.asyncIterator]().next();
      return { value: first?.value, metadata: noMetadata };
    });
    expect(await made.stream(client, requests)).toMatchObject({ value: 'a>' });
    await new Promise((resolve) => setImmediate(resolve));
    expect([requests.pulls, requests.returns]).toEqual([1, 1]);
  });

  test('may have wrapped what is then begun again on another node', async () => {
    const { made, transport } = setUp((call, next) => next({ ...call, messages: marked(call.messages, '>') }));
    transport
      .answer('a:1', async ({ messages }) => {
        await messages?.[Symbol.asyncIterator]().next();
        throw new ServiceError('Unavailable', 'refused', { executed: 'no' });
      })
      .answer('b:1', async ({ messages }) => ({ value: await collected(messages), metadata: noMetadata }));
    const reply = await made.stream(client, new FedMessages().push('a', 'b').end());
    expect(reply).toMatchObject({ value: ['a>', 'b>'] });
  });

  test.each([
    [
      'fail after its first message',
      async () => {
        throw new ServiceError('PermissionDenied', 'not for you', { executed: 'maybe' });
      },
    ],
    ['answer something else', async () => ({ value: 'mine', metadata: noMetadata })],
  ])('that %s end it, and its loan is given back', async (_what, instead) => {
    const { made, replies, selector } = setUp(async (call, next) => {
      await next(call);
      return instead();
    });
    await made.stream(server, {}).catch((error: ServiceError) => expect(error.code).toBe('PermissionDenied'));
    await new Promise((resolve) => setImmediate(resolve));
    expect([replies.returns, selector.reports.length]).toEqual([1, 1]);
  });

  test.each<[what: string, instead: () => Reply]>([
    [
      'fail',
      () => {
        throw new ServiceError('PermissionDenied', 'not for you');
      },
    ],
    ['answer something else', () => ({ value: 'mine', metadata: noMetadata })],
  ])('that %s without waiting for it end it when it comes', async (_what, instead) => {
    const { made, replies, selector } = setUp(async (call, next) => {
      void next(call);
      return instead();
    });
    await made.stream(server, {}).catch((error: ServiceError) => expect(error.code).toBe('PermissionDenied'));
    replies.push(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect([replies.returns, selector.reports.length]).toEqual([1, 1]);
  });

  test('have a signal that lasts as long as the stream, and no longer', async () => {
    const signals: AbortSignal[] = [];
    const { clock, made, replies } = setUp((call, next) => {
      signals.push(call.signal);
      return next(call);
    });
    const own = new AbortController();
    replies.push(1);
    const { messages } = await made.stream(server, {}, { signal: own.signal });
    const iterator = messages?.[Symbol.asyncIterator]();
    await iterator?.next();
    expect(listenersOn(own.signal)).toBe(1);
    await iterator?.return?.();
    expect(listenersOn(own.signal)).toBe(0);
    own.abort();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await made.close();
    expect(clock.pending).toBe(0);
  });

  test('feel a caller that leaves while it goes on', async () => {
    const signals: AbortSignal[] = [];
    const { made, replies } = setUp((call, next) => {
      signals.push(call.signal);
      return next(call);
    });
    const own = new AbortController();
    replies.push(1);
    const { messages } = await made.stream(server, {}, { signal: own.signal });
    own.abort();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    await messages?.[Symbol.asyncIterator]().return?.();
  });

  test('make no controller unless they look at the signal, inside a handler neither', async () => {
    const { clock, made, transport } = setUp((call, next) => next(call));
    const stream = async (): Promise<void> => {
      transport.answer('a:1', streaming(new FedMessages().push(1).end()));
      await collected((await made.stream(server, {})).messages);
    };
    await stream();
    expect(await controllersMadeIn(stream)).toBe(0);
    expect(await controllersMadeIn(() => runInContext(contextOf(clock, 5_000), stream))).toBe(0);
  });
});

test('a stream that fails midway tells where, through interceptors too', async () => {
  const note = vi.fn<Intercept>((call, next) => next(call));
  const { made, replies, selector } = setUp(note);
  replies.push(1).fail(new ServiceError('Unavailable', 'broken'));
  const { messages } = await made.stream(server, {});
  const error = await failureOf(collected(messages));
  expect(error).toMatchObject({ code: 'Unavailable', service: 'greeter', endpoint: 'Greeter.Hello', node: 'a' });
  expect([note.mock.calls.length, error.attempts.length, selector.reports.length]).toEqual([1, 1, 1]);
});

function contextOf(clock: FakeClock, deadline: number): CallContext {
  const place = { service: 'front', endpoint: 'Front.Ask', metadata: noMetadata, peer: undefined, node: 'n1' };
  return new CallContext({ ...place, deadline, clock });
}
