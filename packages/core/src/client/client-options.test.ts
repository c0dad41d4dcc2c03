import { expect, test } from 'vitest';
import { resolveClientOptions } from './client-options.js';

test('the defaults are a deadline of 10 s, idle connections of a minute, and nothing that propagates', () => {
  expect(resolveClientOptions()).toEqual({
    timeoutMs: 10_000,
    retry: {
      maxAttempts: 3,
      backoff: { baseMs: 25, factor: 2, maxMs: 1_000, jitter: 1 },
      budget: { ratio: 0.1, reserve: 10, reservePerSecond: 1 },
    },
    contentType: undefined,
    propagate: [],
    local: 'codec',
    idleConnectionMs: 60_000,
    connectPatienceMs: 300,
    silence: { afterMs: 300, timeoutMs: 300 },
    breaker: undefined,
  });
});

test('nobody is asked for a sign of life, and no breaker is there, where that is said', () => {
  expect(resolveClientOptions({ silence: false, breaker: false })).toMatchObject({
    silence: undefined,
    breaker: undefined,
  });
  expect(resolveClientOptions({ breaker: true }).breaker).toEqual({
    failureRatio: 0.5,
    minCalls: 20,
    windowMs: 10_000,
    openMs: 5_000,
  });
  expect(resolveClientOptions({ breaker: { openMs: 50 }, silence: { afterMs: 90 } })).toMatchObject({
    breaker: { openMs: 50, minCalls: 20 },
    silence: { afterMs: 90, timeoutMs: 300 },
  });
});

test.each([
  [{ silence: { afterMs: 29 } }, 'client.silence.afterMs is 29; it must be a whole number from 30 to 60000'],
  [{ silence: { timeoutMs: 9 } }, 'client.silence.timeoutMs is 9; it must be a whole number from 10 to 60000'],
  [{ breaker: { failureRatio: 2 } }, 'client.breaker.failureRatio is 2; it must be a number from 0 to 1'],
  [{ breaker: { minCalls: 0 } }, 'client.breaker.minCalls is 0; it must be a whole number from 1 to 1000000'],
  [{ connectPatienceMs: 0 }, 'client.connectPatienceMs is 0; it must be a whole number from 1 to 3600000'],
  [{ retry: { budget: { ratio: 1.1 } } }, 'retry.budget.ratio is 1.1; it must be a number from 0 to 1'],
])('%j is refused by name and range', (options, rawMessage) => {
  expect(() => resolveClientOptions(options)).toThrow(
    expect.objectContaining({ code: 'InvalidArgument', executed: 'no', rawMessage }),
  );
});

test('what was given is copied, keys in lower case, and the result cannot be changed', () => {
  const propagate = ['X-Tenant'];
  const resolved = resolveClientOptions({ propagate, timeoutMs: 0.5 + 0.5, contentType: 'application/json' });
  propagate.push('authorization');
  expect(resolved).toMatchObject({ propagate: ['x-tenant'], timeoutMs: 1, contentType: 'application/json' });
  expect([Object.isFrozen(resolved), Object.isFrozen(resolved.propagate)]).toEqual([true, true]);
});

test.each([
  [{ timeoutMs: 0 }, 'client.timeoutMs is 0; it must be a number from 1 to 3600000'],
  [{ timeoutMs: 3_600_001 }, 'client.timeoutMs is 3600001; it must be a number from 1 to 3600000'],
  [{ timeoutMs: Number.POSITIVE_INFINITY }, 'client.timeoutMs is Infinity; it must be a number from 1 to 3600000'],
  [{ idleConnectionMs: 999 }, 'client.idleConnectionMs is 999; it must be a whole number from 1000 to 86400000'],
  [
    { idleConnectionMs: 86_400_001 },
    'client.idleConnectionMs is 86400001; it must be a whole number from 1000 to 86400000',
  ],
  [{ local: 'shared' as 'copy' }, 'client.local is "shared"; it must be one of codec, copy, reference, off'],
  [{ retry: { maxAttempts: 9 } }, 'retry.maxAttempts is 9; it must be a whole number from 1 to 5'],
])('%j is refused by name and range', (options, message) => {
  expect(() => resolveClientOptions(options)).toThrow(
    expect.objectContaining({ code: 'InvalidArgument', executed: 'no', rawMessage: message }),
  );
});
