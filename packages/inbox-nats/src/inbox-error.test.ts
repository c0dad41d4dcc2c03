import { JetStreamApiError } from '@nats-io/jetstream';
import { AuthorizationError } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { inboxError, isPassedBy } from './inbox-error.js';

const refusal = (err_code: number, code: number) =>
  new JetStreamApiError({ code, err_code, description: `error ${err_code}` });

test.each([
  [refusal(10_047, 500), 'ResourceExhausted'],
  [refusal(10_077, 503), 'ResourceExhausted'],
  [refusal(10_039, 503), 'FailedPrecondition'],
  [refusal(10_008, 503), 'Unavailable'],
  [refusal(10_051, 500), 'Unavailable'],
  [refusal(10_059, 404), 'FailedPrecondition'],
  [new AuthorizationError('Authorization Violation'), 'Unauthenticated'],
])('%s is %s', (thrown, code) => {
  expect(inboxError(thrown, 'writing', { executed: 'maybe' })).toMatchObject({
    code,
    executed: 'maybe',
    rawMessage: `writing: ${thrown.message}`,
    cause: thrown,
  });
});

test('a key that has moved on is told from everything else', () => {
  expect([refusal(10_071, 400), refusal(10_164, 400), refusal(10_077, 503), undefined].map(isPassedBy)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
