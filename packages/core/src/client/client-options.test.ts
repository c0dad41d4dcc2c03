import { expect, test } from 'vitest';
import { resolveClientOptions } from './client-options.js';

test('the defaults are a deadline of 10 s, idle connections of a minute, and nothing that propagates', () => {
  expect(resolveClientOptions()).toEqual({
    timeoutMs: 10_000,
    retry: { maxAttempts: 3, backoff: { baseMs: 25, factor: 2, maxMs: 1_000, jitter: 1 } },
    contentType: undefined,
    propagate: [],
    local: 'codec',
    idleConnectionMs: 60_000,
  });
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
