import { type CallOptions, type Candidate, noMetadata, ServiceError } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, test } from 'vitest';
import { failureOf } from '../../test/failure-of.js';
import { hello } from '../../test/greeter.js';
import { listenersOn } from '../../test/listeners-on.js';
import { CallContext, runInContext } from '../context/index.js';
import { type ClientOptions, resolveClientOptions } from './client-options.js';
import { type PreparedCall, prepareCall } from './prepared-call.js';

const clock = new FakeClock();
const leaving = new ServiceError('Canceled', 'the caller left');

function prepared(options: CallOptions = {}, client: ClientOptions = {}, endpoint = hello): PreparedCall {
  return prepareCall(endpoint, { name: 'Ada' }, options, resolveClientOptions(client), clock);
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
    expect(left(prepared().call.deadline)).toBe(10_000);
    expect(left(prepared({}, { timeoutMs: 700 }).call.deadline)).toBe(700);
    expect(left(prepared({ timeoutMs: 0x10 }, { timeoutMs: 700 }).call.deadline)).toBe(16);
  });

  test('is the earlier of its own and that of the call being served', () => {
    const context = serving({ leftMs: 5_000 });
    expect(left(runInContext(context, () => prepared()).call.deadline)).toBe(5_000);
    expect(left(runInContext(context, () => prepared({ timeoutMs: 9_000 })).call.deadline)).toBe(5_000);
    expect(left(runInContext(context, () => prepared({ timeoutMs: 300 })).call.deadline)).toBe(300);
  });

  test('is its own while an event is served, which has none', () => {
    const context = serving({ leftMs: Number.POSITIVE_INFINITY });
    expect(left(runInContext(context, () => prepared()).call.deadline)).toBe(10_000);
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

describe('cancelling', () => {
  test('is by its own signal alone outside of a handler, and by nothing without one', () => {
    const { signal } = new AbortController();
    expect(prepared().call.signal).toBeUndefined();
    expect(prepared({ signal }).call.signal).toBe(signal);
  });

  test('of the call being served ends it, for the same reason, where it has no signal of its own', () => {
    const context = serving();
    const { signal } = runInContext(context, () => prepared()).call;
    expect(signal?.aborted).toBe(false);
    context.cancel(leaving);
    expect(signal?.reason).toBe(leaving);
  });

  test.each(['own', 'served'])('of either ends it where it has both: the %s one', (which) => {
    const context = serving();
    const own = new AbortController();
    const { signal } = runInContext(context, () => prepared({ signal: own.signal })).call;
    expect(signal?.aborted).toBe(false);
    if (which === 'own') own.abort(leaving);
    else context.cancel(leaving);
    expect(signal?.reason).toBe(leaving);
  });

  test('leaves nothing behind in a signal once the call is released', () => {
    const context = serving();
    const own = new AbortController();
    const calls = runInContext(context, () => [1, 2, 3].map(() => prepared({ signal: own.signal })));
    expect([listenersOn(own.signal), listenersOn(context.signal)]).toEqual([3, 3]);
    for (const { release } of calls) release();
    expect([listenersOn(own.signal), listenersOn(context.signal)]).toEqual([0, 0]);
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

  test('a call that is refused for another reason has not begun to listen', async () => {
    const context = serving();
    const own = new AbortController();
    for (const wrong of [{ maxAttempts: 9 }, { metadata: { 'no token': 'x' } }]) {
      await failureOf(() => runInContext(context, () => prepared({ signal: own.signal, ...wrong })));
    }
    expect(listenersOn(own.signal)).toBe(0);
  });
});

describe('metadata', () => {
  const metadata = Object.freeze({ authorization: 'Bearer x', 'x-tenant': 't1', 'x-request-id': 'r-7', cookie: 'c' });

  test('of a call being served is not sent on, nothing of it', () => {
    const context = serving({ metadata });
    expect(runInContext(context, () => prepared()).call.metadata).toEqual({});
    expect(runInContext(context, () => prepared({ metadata: { 'X-Mine': '1' } })).call.metadata).toEqual({
      'x-mine': '1',
    });
  });

  test('is sent on by key where the application says so, whatever its case', () => {
    const client = { propagate: ['X-Tenant', 'x-absent'] };
    const context = serving({ metadata });
    expect(runInContext(context, () => prepared({}, client)).call.metadata).toEqual({ 'x-tenant': 't1' });
    expect(prepared({}, client).call.metadata).toEqual({});
  });

  test("gives way to the call's own of the same key", () => {
    const own = { 'X-TENANT': 't2', 'x-mine': '1' };
    const context = serving({ metadata });
    expect(runInContext(context, () => prepared({ metadata: own }, { propagate: ['x-tenant'] })).call.metadata).toEqual(
      { 'x-tenant': 't2', 'x-mine': '1' },
    );
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

describe('the rest', () => {
  test('is as the call says, else as the client and the endpoint say', () => {
    expect(prepared()).toMatchObject({ maxAttempts: 3, idempotent: false, address: undefined, key: undefined });
    expect(prepared({}, { retry: { maxAttempts: 2 } })).toMatchObject({ maxAttempts: 2 });
    expect(prepared({ maxAttempts: 5 }, { retry: { maxAttempts: 2 } })).toMatchObject({ maxAttempts: 5 });
    expect(prepared({}, {}, { ...hello, idempotent: true })).toMatchObject({ idempotent: true });
    expect(prepared({ idempotent: false }, {}, { ...hello, idempotent: true })).toMatchObject({ idempotent: false });
    expect(prepared({ idempotent: true })).toMatchObject({ idempotent: true });
    expect(prepared({ address: 'h:1', key: 'k' })).toMatchObject({ address: 'h:1', key: 'k' });
    expect(prepared().call.contentType).toBeUndefined();
    expect(prepared({}, { contentType: 'a/b' }).call.contentType).toBe('a/b');
    expect(prepared({ contentType: 'c/d' }, { contentType: 'a/b' }).call.contentType).toBe('c/d');
    expect(prepared().call).toMatchObject({ endpoint: hello, value: { name: 'Ada' } });
  });

  test.each([0, 6, 1.5])('does not allow %d attempts', async (maxAttempts) => {
    expect(await failureOf(() => prepared({ maxAttempts }))).toMatchObject({
      code: 'InvalidArgument',
      rawMessage: `maxAttempts is ${maxAttempts}; it must be a whole number from 1 to 5`,
    });
  });
});
