import { type CallOptions, type CallPolicy, callMetadata, type Metadata, noMetadata } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, test } from 'vitest';
import { failureOf } from '../../test/failure-of.js';
import { hello } from '../../test/greeter.js';
import { CallContext, runInContext } from '../context/index.js';
import { checkPolicy } from './call-checks.js';
import { resolveClientOptions } from './client-options.js';
import { type PreparedCall, prepareCall, withChanges } from './prepared-call.js';

const clock = new FakeClock();
const client = resolveClientOptions({ timeoutMs: 3_000, retry: { maxAttempts: 2 } });

function prepared(options: CallOptions, policy?: CallPolicy, endpoint = {}): PreparedCall {
  return prepareCall({ ...hello, idempotent: true, policy, ...endpoint }, {}, undefined, options, client, clock);
}

function serving<T>(metadata: Metadata, body: () => T): T {
  const { service, name: endpoint } = hello;
  const context = { service, endpoint, metadata, deadline: 9_000, peer: undefined, node: 'n1', clock };
  return runInContext(new CallContext(context), body);
}

describe('what a call is made by', () => {
  const policy = { timeoutMs: 700, maxAttempts: 4, hedgeAfterMs: 30, waitForReady: true, priority: 'bulk' } as const;

  test("is the client's, where neither the endpoint nor the call says anything", () => {
    expect(prepared({})).toMatchObject({
      deadline: 3_000,
      maxAttempts: 2,
      hedgeAfterMs: undefined,
      waitForReady: false,
      metadata: noMetadata,
    });
  });

  test("is the endpoint's over that", () => {
    expect(prepared({}, policy)).toMatchObject({
      deadline: 700,
      maxAttempts: 4,
      hedgeAfterMs: 30,
      waitForReady: true,
      metadata: { [callMetadata.priority]: 'bulk' },
    });
  });

  test("is the call's over both", () => {
    const own = { timeoutMs: 50, maxAttempts: 3, hedgeAfterMs: 9, waitForReady: false, priority: 'critical' } as const;
    expect(prepared(own, policy)).toMatchObject({
      deadline: 50,
      maxAttempts: 3,
      hedgeAfterMs: 9,
      waitForReady: false,
      metadata: { [callMetadata.priority]: 'critical' },
    });
  });

  test("has the call's own key, else what the field that the call or the endpoint names holds", () => {
    const keyOf = (value: unknown, options: CallOptions = {}, keyField?: string) =>
      prepareCall({ ...hello, policy: { keyField } }, value, undefined, options, client, clock).key;
    const request = { user: 'ada', room: 7, big: 2n ** 70n, on: false, tags: ['a'], none: null };
    expect(keyOf(request)).toBeUndefined();
    expect(keyOf(request, {}, 'user')).toBe('ada');
    expect(keyOf(request, { key: 'own' }, 'user')).toBe('own');
    expect(keyOf(request, { keyField: 'room' }, 'user')).toBe('7');
    expect([keyOf(request, {}, 'big'), keyOf(request, {}, 'on')]).toEqual(['1180591620717411303424', 'false']);
    for (const field of ['tags', 'none', 'absent', 'toString', '__proto__'])
      expect(keyOf(request, {}, field), field).toBeUndefined();
    for (const value of [undefined, null, 'user', 5]) expect(keyOf(value, {}, 'user')).toBeUndefined();
  });

  test('gives a stream an end where the endpoint says when', () => {
    expect(prepared({}, policy, { kind: 'server' })).toMatchObject({ deadline: 700, hedgeAfterMs: undefined });
  });

  test.each([
    [{ timeoutMs: -1 }, 'timeoutMs is -1; it must be a number from 1 to 3600000'],
    [{ maxAttempts: 0 }, 'maxAttempts is 0; it must be a whole number from 1 to 5'],
    [{ hedgeAfterMs: 0 }, 'hedgeAfterMs is 0; it must be a number from 1 to 3600000'],
    [{ priority: 'urgent' as never }, 'priority is "urgent"; it must be one of critical, normal, bulk'],
  ])('%j is refused, whoever says it', async (policy, rawMessage) => {
    const refusal = { code: 'InvalidArgument', executed: 'no', rawMessage };
    expect(await failureOf(() => prepared(policy))).toMatchObject(refusal);
    expect(await failureOf(() => prepared({}, policy))).toMatchObject(refusal);
  });
});

test.each([
  [{ timeoutMs: -1 }, 'policy.timeoutMs of Greeter.Hello is -1; it must be a number from 1 to 3600000'],
  [{ maxAttempts: 0 }, 'policy.maxAttempts of Greeter.Hello is 0; it must be a whole number from 1 to 5'],
  [{ hedgeAfterMs: 0 }, 'policy.hedgeAfterMs of Greeter.Hello is 0; it must be a number from 1 to 3600000'],
  [{ priority: 'high' }, 'policy.priority of Greeter.Hello is "high"; it must be one of critical, normal, bulk'],
  [{ keyField: '' }, 'policy.keyField of Greeter.Hello is ""; it must be the name of a field'],
  [{ keyField: 1 }, 'policy.keyField of Greeter.Hello is 1; it must be the name of a field'],
  [{ waitForReady: 1 }, 'policy.waitForReady of Greeter.Hello is 1; it must be true or false'],
  [
    { timeout: 1 },
    'policy.timeout of Greeter.Hello is not one of timeoutMs, maxAttempts, hedgeAfterMs, waitForReady, priority, keyField',
  ],
])('the policy %j is refused at start, by option, endpoint and value', (policy, rawMessage) => {
  expect(() => checkPolicy(policy as CallPolicy, 'Greeter.Hello')).toThrow(
    expect.objectContaining({ code: 'InvalidArgument', executed: 'no', rawMessage }),
  );
});

describe('the priority', () => {
  const bulk = { [callMetadata.priority]: 'bulk' };

  test('is that of the call being served, and nothing else of it is sent on', () => {
    const inner = serving({ ...bulk, [callMetadata.idempotencyKey]: 'k', 'x-a': '1' }, () => prepared({}));
    expect(inner.metadata).toEqual(bulk);
  });

  test('is what the call says, also where that is nothing special', () => {
    expect(serving(bulk, () => prepared({ priority: 'critical' })).metadata).toEqual({
      [callMetadata.priority]: 'critical',
    });
    expect(serving(bulk, () => prepared({ priority: 'normal' })).metadata).toEqual(noMetadata);
  });

  test('goes beside what the caller sends', () => {
    expect(prepared({ priority: 'bulk', metadata: { 'x-a': '1' } }).metadata).toEqual({ ...bulk, 'x-a': '1' });
  });

  test('that a stranger made up is not sent on', () => {
    expect(serving({ [callMetadata.priority]: 'most' }, () => prepared({})).metadata).toBe(noMetadata);
  });
});

test('a key that an interceptor takes out does not make the call repeatable any more', () => {
  const call = prepared({ idempotencyKey: 'k' });
  const seen = { ...call, side: 'client', kind: 'unary', service: 'greeter', endpoint: 'Greeter.Hello' } as const;
  const changed = { ...seen, peer: undefined, signal: new AbortController().signal };
  expect(withChanges(call, { ...changed, metadata: { ...call.metadata, 'x-a': '1' } }).idempotencyKey).toBe('k');
  expect(withChanges(call, { ...changed, metadata: { 'x-a': '1' } }).idempotencyKey).toBeUndefined();
});
