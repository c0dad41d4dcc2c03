import {
  type Call,
  type CallOptions,
  type Candidate,
  type InterceptedCall,
  noMetadata,
  ServiceError,
} from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, test, vi } from 'vitest';
import { controllersMadeIn } from '../../test/controllers-made-in.js';
import { failureOf } from '../../test/failure-of.js';
import { FedMessages } from '../../test/fed-messages.js';
import { hello } from '../../test/greeter.js';
import { listenersOn } from '../../test/listeners-on.js';
import { CallContext, runInContext } from '../context/index.js';
import { type ClientOptions, resolveClientOptions } from './client-options.js';
import { type PreparedCall, prepareCall, withChanges } from './prepared-call.js';

const clock = new FakeClock();
const leaving = new ServiceError('Canceled', 'the caller left');

function prepared(
  options: CallOptions = {},
  client: ClientOptions = {},
  endpoint = hello,
  { value, messages }: Pick<Call, 'value' | 'messages'> = { value: { name: 'Ada' } },
): PreparedCall {
  return prepareCall(endpoint, value, messages, options, resolveClientOptions(client), clock);
}

/** A call being served. */
function serving({ metadata = noMetadata as Record<string, string>, leftMs = 5_000 } = {}): CallContext {
  const { service, name: endpoint } = hello;
  const deadline = clock.now() + leftMs;
  return new CallContext({ service, endpoint, metadata, deadline, peer: undefined, node: 'n1', clock });
}

const left = (deadline: number): number => deadline - clock.now();

describe('the deadline', () => {
  test("is the client's, unless the call names its own", () => {
    expect(left(prepared().deadline)).toBe(10_000);
    expect(left(prepared({}, { timeoutMs: 700 }).deadline)).toBe(700);
    expect(left(prepared({ timeoutMs: 0x10 }, { timeoutMs: 700 }).deadline)).toBe(16);
  });

  test('is the earlier of its own and that of the call being served', () => {
    const context = serving({ leftMs: 5_000 });
    expect(left(runInContext(context, () => prepared()).deadline)).toBe(5_000);
    expect(left(runInContext(context, () => prepared({ timeoutMs: 9_000 })).deadline)).toBe(5_000);
    expect(left(runInContext(context, () => prepared({ timeoutMs: 300 })).deadline)).toBe(300);
  });

  test('is its own while an event is served, which has none', () => {
    const context = serving({ leftMs: Number.POSITIVE_INFINITY });
    expect(left(runInContext(context, () => prepared()).deadline)).toBe(10_000);
  });

  test('of a call being served that has passed refuses the call', async () => {
    const context = serving({ leftMs: 0 });
    expect(await failureOf(() => runInContext(context, () => prepared()))).toMatchObject({
      code: 'DeadlineExceeded',
      executed: 'no',
      service: 'greeter',
      endpoint: 'Greeter.Hello',
    });
  });

  test.each([
    [0, 'timeoutMs is 0; it must be a number from 1 to 3600000'],
    [3_600_001, 'timeoutMs is 3600001; it must be a number from 1 to 3600000'],
    [Number.NaN, 'timeoutMs is NaN; it must be a number from 1 to 3600000'],
  ])('cannot be %d ms away', async (timeoutMs, rawMessage) => {
    expect(await failureOf(() => prepared({ timeoutMs }))).toMatchObject({
      code: 'InvalidArgument',
      executed: 'no',
      rawMessage,
    });
  });
});

describe('the deadline of a stream', () => {
  const streams = (['server', 'client', 'bidi'] as const).map((kind) => ({ ...hello, kind }));

  test.each(streams)('of kind $kind is none, unless the call names its own; getting under way has one', (stream) => {
    const client = { timeoutMs: 700 };
    expect(prepared({}, client, stream)).toMatchObject({ deadline: Number.POSITIVE_INFINITY });
    expect(left(prepared({}, client, stream).readyBy)).toBe(700);
    const own = prepared({ timeoutMs: 90_000 }, client, stream);
    expect([left(own.deadline), left(own.readyBy)]).toEqual([90_000, 90_000]);
  });

  test('is that of the call being served, before which it also gets under way', () => {
    const [stream] = streams;
    const inner = runInContext(serving({ leftMs: 5_000 }), () => prepared({}, {}, stream));
    expect([left(inner.deadline), left(inner.readyBy)]).toEqual([5_000, 5_000]);
    const long = runInContext(serving({ leftMs: 50_000 }), () => prepared({}, {}, stream));
    expect([left(long.deadline), left(long.readyBy)]).toEqual([50_000, 10_000]);
    const event = runInContext(serving({ leftMs: Number.POSITIVE_INFINITY }), () => prepared({}, {}, stream));
    expect(event.deadline).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('cancelling', () => {
  const listener = () => ({ onCancel: vi.fn<(reason: ServiceError) => void>() });

  test('is by nothing outside of a handler without a signal', () => {
    expect(prepared().cancellation).toBeUndefined();
  });

  test('by its own signal says that the caller did it, and why', () => {
    const own = new AbortController();
    const { cancellation } = prepared({ signal: own.signal });
    const hearing = listener();
    cancellation?.listen(hearing);
    expect(cancellation?.canceled).toBeUndefined();
    own.abort('enough');
    expect(hearing.onCancel.mock.calls).toMatchObject([[{ code: 'Canceled', executed: 'no', cause: 'enough' }]]);
    expect(cancellation?.canceled).toBe(hearing.onCancel.mock.calls[0]?.[0]);
  });

  test('of the call being served ends it, for the same reason, and costs nothing', async () => {
    const context = serving();
    expect(await controllersMadeIn(() => runInContext(context, () => prepared()))).toBe(0);
    expect(runInContext(context, () => prepared()).cancellation).toBe(context);
  });

  test.each(['own', 'served'])('of either ends it where it has both: the %s one', (which) => {
    const context = serving();
    const own = new AbortController();
    const { cancellation } = runInContext(context, () => prepared({ signal: own.signal }));
    const hearing = listener();
    cancellation?.listen(hearing);
    expect(cancellation?.canceled).toBeUndefined();
    if (which === 'own') own.abort(leaving);
    else context.cancel(leaving);
    expect(hearing.onCancel).toHaveBeenCalledTimes(1);
    const told = hearing.onCancel.mock.calls[0]?.[0];
    expect(which === 'own' ? told?.cause : told).toBe(leaving);
    expect(listenersOn(own.signal)).toBe(0);
  });

  test('is listened to only while somebody listens to the call', () => {
    const own = new AbortController();
    const calls = runInContext(serving(), () => [1, 2, 3].map(() => prepared({ signal: own.signal })));
    expect(listenersOn(own.signal)).toBe(0);
    const listeners = calls.map(listener);
    calls.forEach(({ cancellation }, index) => {
      cancellation?.listen(listeners[index] as ReturnType<typeof listener>);
    });
    expect(listenersOn(own.signal)).toBe(3);
    calls.forEach(({ cancellation }, index) => {
      cancellation?.unlisten(listeners[index] as ReturnType<typeof listener>);
    });
    expect(listenersOn(own.signal)).toBe(0);
  });

  test('before the call is sent refuses it', async () => {
    const refused = { code: 'Canceled', executed: 'no', service: 'greeter', endpoint: 'Greeter.Hello' };
    const context = serving();
    context.cancel(leaving);
    const signal = AbortSignal.abort();
    expect(await failureOf(() => prepared({ signal }))).toMatchObject(refused);
    expect(await failureOf(() => runInContext(context, () => prepared()))).toMatchObject(refused);
    expect(await failureOf(() => runInContext(serving(), () => prepared({ signal })))).toMatchObject(refused);
  });
});

describe('metadata', () => {
  const metadata = Object.freeze({ authorization: 'Bearer x', 'x-tenant': 't1', 'x-request-id': 'r-7', cookie: 'c' });

  test('of a call being served is not sent on, nothing of it', () => {
    const context = serving({ metadata });
    expect(runInContext(context, () => prepared()).metadata).toEqual({});
    expect(runInContext(context, () => prepared({ metadata: { 'X-Mine': '1' } })).metadata).toEqual({
      'x-mine': '1',
    });
  });

  test('is sent on by key where the application says so, whatever its case', () => {
    const client = { propagate: ['X-Tenant', 'x-absent'] };
    const context = serving({ metadata });
    expect(runInContext(context, () => prepared({}, client)).metadata).toEqual({ 'x-tenant': 't1' });
    expect(prepared({}, client).metadata).toEqual({});
  });

  test("gives way to the call's own of the same key", () => {
    const own = { 'X-TENANT': 't2', 'x-mine': '1' };
    const context = serving({ metadata });
    expect(runInContext(context, () => prepared({ metadata: own }, { propagate: ['x-tenant'] })).metadata).toEqual({
      'x-tenant': 't2',
      'x-mine': '1',
    });
  });

  test('is checked', async () => {
    expect(await failureOf(() => prepared({ metadata: { 'x-a': 'b\r\nc: d' } }))).toMatchObject({
      code: 'InvalidArgument',
      executed: 'no',
    });
  });
});

describe('filters', () => {
  const candidates = [
    candidate('a', '1.0.0', { zone: 'x' }),
    candidate('b', '2.0.0', { zone: 'x' }),
    candidate('c', '2.0.0', { zone: 'y' }),
  ];

  test.each([
    [{}, ['a', 'b', 'c']],
    [{ version: '2.0.0' }, ['b', 'c']],
    [{ version: '2' }, []],
    [{ labels: { zone: 'x' } }, ['a', 'b']],
    [{ labels: { zone: 'x', rack: '1' } }, []],
    [{ version: '2.0.0', labels: { zone: 'x' } }, ['b']],
    [{ filters: [(nodes) => nodes.slice(1)] }, ['b', 'c']],
    [{ version: '2.0.0', filters: [(nodes) => nodes.slice(1)] }, ['c']],
  ] satisfies [CallOptions, string[]][])('%j leave %j', (options: CallOptions, ids) => {
    const { filters = [] } = prepared(options);
    const kept = filters.reduce((left, filter) => filter(left), candidates as readonly Candidate[]);
    expect(kept.map(({ node }) => node.id)).toEqual(ids);
  });

  function candidate(id: string, version: string, metadata: Record<string, string>): Candidate {
    const node = { id, address: `${id}:1`, metadata };
    return { node, record: { name: 'greeter', version, metadata: {}, endpoints: [], nodes: [node] } };
  }
});

describe('what interceptors hand on', () => {
  const bidi = { ...hello, kind: 'bidi' } as const;
  const streaming = (source: FedMessages): PreparedCall =>
    prepared({}, {}, bidi, { value: undefined, messages: source });

  function handedOn(call: PreparedCall, changes: Partial<InterceptedCall> = {}): InterceptedCall {
    const { value, messages, metadata, deadline } = call;
    const place = { side: 'client', kind: 'bidi', service: 'greeter', endpoint: 'Greeter.Hello' } as const;
    const { signal } = new AbortController();
    return { ...place, value, messages, metadata, deadline, signal, ...changes };
  }

  test('is the same call where nothing was changed', () => {
    const call = streaming(new FedMessages());
    expect(withChanges(call, handedOn(call))).toBe(call);
  });

  test('is the call with what was changed; a deadline can only become earlier, for getting under way too', () => {
    const call = prepared({ timeoutMs: 900 });
    expect(withChanges(call, handedOn(call, { deadline: Number.POSITIVE_INFINITY }))).toBe(call);
    const earlier = withChanges(call, handedOn(call, { deadline: clock.now() + 100, value: 'changed' }));
    expect(earlier).toMatchObject({ value: 'changed', deadline: clock.now() + 100, readyBy: clock.now() + 100 });
  });

  test('may be other messages, which can be begun again; the own ones are then left when they are', async () => {
    const source = new FedMessages().push(1, 2);
    const call = streaming(source);
    const wrapped = async function* () {
      for await (const message of call.messages ?? []) yield `${message}!`;
    };
    const changed = withChanges(call, handedOn(call, { messages: wrapped() }));
    for (const _attempt of ['first', 'second']) {
      const attempt = changed.messages?.[Symbol.asyncIterator]();
      expect(await attempt?.next()).toEqual({ done: false, value: '1!' });
      await attempt?.return?.();
    }
    expect([source.pulls, source.returns]).toEqual([1, 0]);
    await changed.messages?.close();
    expect(source.returns).toBe(1);
  });
});

describe('the rest', () => {
  test('is as the call says, else as the client and the endpoint say', () => {
    expect(prepared()).toMatchObject({ maxAttempts: 3, idempotent: false, address: undefined, key: undefined });
    expect(prepared({}, { retry: { maxAttempts: 2 } })).toMatchObject({ maxAttempts: 2 });
    expect(prepared({ maxAttempts: 5 }, { retry: { maxAttempts: 2 } })).toMatchObject({ maxAttempts: 5 });
    expect(prepared({}, {}, { ...hello, idempotent: true })).toMatchObject({ idempotent: true });
    expect(prepared({ idempotent: false }, {}, { ...hello, idempotent: true })).toMatchObject({ idempotent: false });
    expect(prepared({ idempotent: true })).toMatchObject({ idempotent: true });
    expect(prepared({ address: 'h:1', key: 'k' })).toMatchObject({ address: 'h:1', key: 'k' });
    expect(prepared().contentType).toBeUndefined();
    expect(prepared({}, { contentType: 'a/b' }).contentType).toBe('a/b');
    expect(prepared({ contentType: 'c/d' }, { contentType: 'a/b' }).contentType).toBe('c/d');
    expect(prepared()).toMatchObject({ endpoint: hello, value: { name: 'Ada' } });
  });

  test.each([0, 6, 1.5])('does not allow %d attempts', async (maxAttempts) => {
    expect(await failureOf(() => prepared({ maxAttempts }))).toMatchObject({
      code: 'InvalidArgument',
      rawMessage: `maxAttempts is ${maxAttempts}; it must be a whole number from 1 to 5`,
    });
  });
});
