import { expect, test } from 'vitest';
import { resolveRetryOptions } from './retry-options.js';

test('the defaults are three attempts, with full jitter from 25 ms up to a second', () => {
  expect(resolveRetryOptions()).toEqual({
    maxAttempts: 3,
    backoff: { baseMs: 25, factor: 2, maxMs: 1_000, jitter: 1 },
    budget: { ratio: 0.1, reserve: 10, reservePerSecond: 1 },
  });
});

test('what was given is copied, and the result cannot be changed', () => {
  const given = { maxAttempts: 5, backoffBaseMs: 1, backoffMaxMs: 60_000 };
  const resolved = resolveRetryOptions(given);
  given.maxAttempts = 1;
  expect(resolved).toMatchObject({ maxAttempts: 5, backoff: { baseMs: 1, maxMs: 60_000 } });
  expect([Object.isFrozen(resolved), Object.isFrozen(resolved.backoff)]).toEqual([true, true]);
});

test.each([
  ['maxAttempts', 0, 'retry.maxAttempts is 0; it must be a whole number from 1 to 5'],
  ['maxAttempts', 6, 'retry.maxAttempts is 6; it must be a whole number from 1 to 5'],
  ['maxAttempts', 1.5, 'retry.maxAttempts is 1.5; it must be a whole number from 1 to 5'],
  ['backoffBaseMs', 0, 'retry.backoffBaseMs is 0; it must be a whole number from 1 to 10000'],
  ['backoffBaseMs', 10_001, 'retry.backoffBaseMs is 10001; it must be a whole number from 1 to 10000'],
  ['backoffMaxMs', Number.NaN, 'retry.backoffMaxMs is NaN; it must be a whole number from 1 to 60000'],
  ['backoffMaxMs', 60_001, 'retry.backoffMaxMs is 60001; it must be a whole number from 1 to 60000'],
])('%s of %d is refused by name and range', (name, value, message) => {
  expect(() => resolveRetryOptions({ [name]: value })).toThrow(
    expect.objectContaining({ code: 'InvalidArgument', executed: 'no', rawMessage: message }),
  );
});
