import {
  type EndpointKind,
  type Intercept,
  type InterceptedCall,
  type Reply,
  ServiceError,
  type Validator,
} from '@tenon/contract';
import { describe, expect, test, vi } from 'vitest';
import { ArrivingCall, serve } from '../../test/arriving-call.js';
import { controllersMadeIn } from '../../test/controllers-made-in.js';
import { deferred } from '../../test/deferred.js';
import { type DispatcherSetting, dispatcherOf } from '../../test/dispatcher-under-test.js';
import { failureOf } from '../../test/failure-of.js';
import { collected, FedMessages } from '../../test/fed-messages.js';
import { HelloRequest, NameValidator } from '../../test/name-validator.js';
import { callContext } from '../context/index.js';

const ada = { name: 'Ada' };
const eve = { name: 'Eve' };

/** Rules that take time. */
const slowly: Validator = {
  compile(schema) {
    const compiled = new NameValidator().compile(schema);
    return compiled && { ...compiled, validate: async (value) => compiled.validate(value) };
  },
};

/** A call whose requests are fed by hand. */
function sending(kind: 'client' | 'bidi' = 'client') {
  const requests = new FedMessages();
  return { requests, call: new ArrivingCall({ kind, requests }) };
}

const wrapped = async function* (messages: AsyncIterable<unknown> | undefined, mark: string) {
  for await (const message of messages ?? []) yield { name: `${(message as HelloRequest).name}${mark}` };
};

const gather = (requests: unknown): Promise<unknown[]> => collected(requests as AsyncIterable<unknown>);

describe('each request of a stream', () => {
  test.each([
    ['at once', new NameValidator()],
    ['by rules that take time', slowly],
  ])('is decoded as its class and checked %s, and the handler gets what is built of it', async (_how, validator) => {
    const { requests, call } = sending();
    const { dispatcher } = dispatcherOf({ kind: 'client', handle: gather, validator });
    requests.push(ada, eve).end();
    const reply = await serve(dispatcher, call);
    expect(reply).toEqual({ value: [ada, eve], metadata: {}, schema: HelloRequest });
    expect((reply.value as unknown[]).every((message) => message instanceof HelloRequest)).toBe(true);
    expect([call.decoded, requests.pulls]).toEqual([[HelloRequest], 3]);
    await dispatcher.drain();
  });

  test.each([
    ['at once', new NameValidator()],
    ['by rules that take time', slowly],
  ])('that is refused %s fails the handler where it reads it, and the rest is not read', async (_how, validator) => {
    const { requests, call } = sending();
    const read: unknown[] = [];
    const { dispatcher, logger } = dispatcherOf({
      kind: 'client',
      validator,
      async handle(messages) {
        for await (const message of messages as AsyncIterable<unknown>) read.push(message);
      },
    });
    requests.push(ada, { name: 7 }, eve);
    expect(await failureOf(serve(dispatcher, call))).toMatchObject({
      code: 'InvalidArgument',
      executed: 'yes',
      endpoint: 'Greeter.Hello',
    });
    expect([read, requests.pulls, requests.returns]).toEqual([[ada], 2, 1]);
    await dispatcher.drain();
    expect(logger.lines).toEqual([]);
  });

  test('that cannot be decoded fails the handler, which may answer all the same', async () => {
    const { requests, call } = sending();
    const { dispatcher } = dispatcherOf({
      kind: 'client',
      handle: (messages) => gather(messages).catch((error: ServiceError) => `so far: ${error.code}`),
    });
    requests.push(ada).fail(new ServiceError('InvalidArgument', 'malformed', { executed: 'no' }));
    expect(await serve(dispatcher, call)).toMatchObject({ value: 'so far: InvalidArgument' });
  });

  test('is read no earlier than the handler asks for it; leaving early leaves the caller', async () => {
    const { requests, call } = sending();
    const gate = deferred();
    const { clock, dispatcher } = dispatcherOf({
      kind: 'client',
      async handle(messages) {
        await gate.promise;
        for await (const message of messages as AsyncIterable<unknown>) return message;
        return undefined;
      },
    });
    requests.push(ada, eve).end();
    const replied = serve(dispatcher, call);
    await clock.advance(0);
    expect(requests.pulls).toBe(0);
    gate.resolve();
    expect(await replied).toMatchObject({ value: ada });
    expect([requests.pulls, requests.returns]).toEqual([1, 1]);
  });

  test.each(['the caller leaves', 'the deadline passes'])('is waited for no longer when %s', async (how) => {
    const requests = new FedMessages();
    const call = new ArrivingCall({ kind: 'client', requests, deadline: 500 });
    const felt: ServiceError[] = [];
    const { clock, dispatcher, logger } = dispatcherOf({
      kind: 'client',
      handle: async (messages) => {
        const error = await failureOf(gather(messages));
        felt.push(error);
        throw error;
      },
    });
    requests.push(ada);
    const failed = failureOf(serve(dispatcher, call));
    await clock.advance(499);
    expect(requests.pulls).toBe(2);
    if (how === 'the caller leaves') call.cancel();
    else await clock.advance(1);
    const code = how === 'the caller leaves' ? 'Canceled' : 'DeadlineExceeded';
    expect(await failed).toMatchObject({ code, executed: 'maybe' });
    await dispatcher.drain();
    expect([felt.map((error) => error.code), requests.returns, call.answers]).toEqual([[code], 1, 1]);
    expect(logger.lines).toEqual([]);
  });
});

describe('a bidirectional stream', () => {
  test('reads and answers side by side', async () => {
    const { requests, call } = sending('bidi');
    const { dispatcher } = dispatcherOf({ kind: 'bidi', handle: (messages) => wrapped(messages as never, '!') });
    requests.push(ada);
    const { messages } = await serve(dispatcher, call);
    const iterator = messages?.[Symbol.asyncIterator]();
    expect(await iterator?.next()).toEqual({ done: false, value: { name: 'Ada!' } });
    requests.push(eve).end();
    expect(await collected(messages)).toEqual([{ name: 'Eve!' }]);
    await dispatcher.drain();
  });

  test('ends on both sides where the caller leaves', async () => {
    const { requests, call } = sending('bidi');
    const { dispatcher, logger } = dispatcherOf({
      kind: 'bidi',
      handle: (messages) => wrapped(messages as never, '!'),
    });
    requests.push(ada);
    const { messages } = await serve(dispatcher, call);
    const failed = failureOf(async () => {
      for await (const _message of messages ?? []);
    });
    call.cancel();
    expect(await failed).toMatchObject({ code: 'Canceled', executed: 'maybe' });
    await dispatcher.drain();
    expect([requests.returns, logger.lines]).toEqual([1, []]);
  });
});

describe('interceptors of a stream', () => {
  test.each(['bound', 'used'] as const)('that are %s may wrap the messages of both ways', async (place) => {
    const { requests, call } = sending('bidi');
    const wrap: Intercept = async (seen, next) => {
      const reply = await next({ ...seen, messages: wrapped(seen.messages, '>') });
      return { ...reply, messages: wrapped(reply.messages, '<') };
    };
    const handle = (messages: unknown): unknown => wrapped(messages as never, '!');
    const { dispatcher } = dispatcherOf({ kind: 'bidi', handle, [place]: [wrap] });
    requests.push(ada, eve).end();
    const { messages } = await serve(dispatcher, call);
    expect(await collected(messages)).toEqual([{ name: 'Ada>!<' }, { name: 'Eve>!<' }]);
    await dispatcher.drain();
  });

  test('see what the call is, the requests after validation, and early nothing of them', async () => {
    const seen: InterceptedCall[] = [];
    const note: Intercept = (call, next) => {
      seen.push(call);
      return next(call);
    };
    const { requests, call } = sending('client');
    const { dispatcher } = dispatcherOf({ kind: 'client', handle: gather, early: [note], bound: [note] });
    requests.push({ ...ada, more: 1 }).end();
    expect(await serve(dispatcher, call)).toMatchObject({ value: [ada] });
    const common = { side: 'server', kind: 'client', service: 'greeter', endpoint: 'Greeter.Hello', value: undefined };
    expect(seen).toMatchObject([
      { ...common, messages: undefined },
      { ...common, messages: expect.anything() },
    ]);
  });

  test('that are early see the outcome: the reply with its messages, or the refusal', async () => {
    const outcomes: unknown[] = [];
    const note: Intercept = async (call, next): Promise<Reply> => {
      try {
        const reply = await next(call);
        outcomes.push(reply.messages !== undefined);
        return { ...reply, messages: wrapped(reply.messages, '<') };
      } catch (thrown) {
        outcomes.push(ServiceError.from(thrown).code);
        throw thrown;
      }
    };
    const replies = [new FedMessages().push(ada).end(), new FedMessages().fail(new ServiceError('NotFound', 'x'))];
    const { dispatcher } = dispatcherOf({ kind: 'server', handle: () => replies.shift(), early: [note] });
    const served = (kind: EndpointKind): Promise<Reply> => serve(dispatcher, new ArrivingCall({ kind }));
    expect(await collected((await served('server')).messages)).toEqual([{ name: 'Ada<' }]);
    await failureOf(served('server'));
    await failureOf(served('bidi'));
    await dispatcher.drain();
    await failureOf(served('server'));
    expect(outcomes).toEqual([true, 'NotFound', 'Unimplemented', 'Unavailable']);
  });

  test('make no controller, nor does the stream itself, unless somebody looks at a signal', async () => {
    const through: Intercept = (call, next) => next(call);
    const stream = async (setting: DispatcherSetting): Promise<void> => {
      const { requests, call } = sending('bidi');
      const handle = (messages: unknown): unknown => wrapped(messages as never, '!');
      const { dispatcher } = dispatcherOf({ kind: 'bidi', handle, ...setting });
      requests.push(ada).end();
      await collected((await serve(dispatcher, call)).messages);
    };
    expect(await controllersMadeIn(() => stream({}))).toBe(0);
    expect(await controllersMadeIn(() => stream({ early: [through], bound: [through], used: [through] }))).toBe(0);
    const looking: Intercept = (call, next) => (call.signal.aborted ? next(call) : next(call));
    expect(await controllersMadeIn(() => stream({ bound: [looking], early: [looking] }))).toBe(1);
  });
});

describe('the kind', () => {
  test.each([
    ['unary', 'server', 'a server stream', 'a unary call'],
    ['server', 'unary', 'a unary call', 'a server stream'],
    ['client', 'bidi', 'a bidirectional stream', 'a client stream'],
    ['bidi', 'client', 'a client stream', 'a bidirectional stream'],
  ] as const)('of an endpoint that is %s cannot be taken for %s', async (kind, called, calledAs, is) => {
    const handle = vi.fn();
    const { dispatcher } = dispatcherOf({ kind, handle });
    const call = new ArrivingCall({ kind: called });
    expect(await failureOf(serve(dispatcher, call))).toMatchObject({
      code: 'Unimplemented',
      executed: 'no',
      rawMessage: `Greeter.Hello is ${is} and was called as ${calledAs}`,
    });
    expect([handle.mock.calls, call.decoded]).toEqual([[], []]);
  });

  test("is the endpoint's, where the wire does not tell it", async () => {
    const { dispatcher } = dispatcherOf({ kind: 'server', handle: () => new FedMessages().push(1).end() });
    expect(await collected((await serve(dispatcher, new ArrivingCall())).messages)).toEqual([1]);
  });

  test('can be asked for, for wires that must know it', () => {
    const { dispatcher } = dispatcherOf({ kind: 'bidi' });
    expect(dispatcher.kindOf('greeter', 'Greeter.Hello', undefined)).toBe('bidi');
    expect(dispatcher.kindOf('greeter', 'Greeter.Bye', undefined)).toBeUndefined();
  });
});

describe('reply metadata', () => {
  test('that is set before the first message goes ahead of it; afterwards it is refused', async () => {
    const late: ServiceError[] = [];
    const { dispatcher } = dispatcherOf({
      kind: 'server',
      async *handle() {
        callContext().setReplyMetadata('X-A', '1');
        yield 1;
        late.push(await failureOf(() => callContext().setReplyMetadata('X-B', '2')));
        yield 2;
      },
    });
    const reply = await serve(dispatcher, new ArrivingCall({ kind: 'server' }));
    expect([reply.metadata, reply.schema]).toEqual([{ 'x-a': '1' }, HelloRequest]);
    expect(await collected(reply.messages)).toEqual([1, 2]);
    expect(late).toMatchObject([{ code: 'FailedPrecondition', executed: 'yes' }]);
    expect(reply.metadata).toEqual({ 'x-a': '1' });
  });

  test('of a client stream may be set until its reply', async () => {
    const { requests, call } = sending();
    const { dispatcher } = dispatcherOf({
      kind: 'client',
      handle: async (messages) => {
        await gather(messages);
        callContext().setReplyMetadata('X-A', '1');
      },
    });
    requests.end();
    expect(await serve(dispatcher, call)).toMatchObject({ metadata: { 'x-a': '1' } });
  });
});

describe('a call to a service or node', () => {
  test('that is not here is of no use, nor any once the node shuts down', async () => {
    const { dispatcher } = dispatcherOf();
    expect(dispatcher.refusal('greeter', 'n1')).toBeUndefined();
    expect(dispatcher.refusal('greeter', undefined)).toBeUndefined();
    expect(dispatcher.refusal('other', undefined)).toMatchObject({ code: 'Unimplemented', executed: 'no' });
    expect(dispatcher.refusal('other', 'n7')).toMatchObject({ code: 'Unavailable', executed: 'no' });
    dispatcher.refuse();
    expect(dispatcher.refusal('greeter', 'n1')).toMatchObject({ code: 'Unavailable', executed: 'no' });
  });
});
