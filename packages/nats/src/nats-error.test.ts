import {
  AuthorizationError,
  ConnectionError,
  InvalidArgumentError,
  InvalidSubjectError,
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  TimeoutError,
  UserAuthenticationExpiredError,
} from '@nats-io/transport-node';
import { ServiceError } from '@tenon/contract';
import { expect, test } from 'vitest';
import { natsError } from './nats-error.js';

const forbidden = new PermissionViolationError('Permissions Violation for Publish to "a"', 'publish', 'a');

test.each([
  [new AuthorizationError('Authorization Violation'), 'Unauthenticated'],
  [new UserAuthenticationExpiredError('User Authentication Expired'), 'Unauthenticated'],
  [forbidden, 'PermissionDenied'],
  [new RequestError('request failed', { cause: forbidden }), 'PermissionDenied'],
  [new InvalidArgumentError('the header is not one'), 'InvalidArgument'],
  [new InvalidSubjectError('a b'), 'InvalidArgument'],
  [new ConnectionError('connection refused'), 'Unavailable'],
  [new TimeoutError(), 'Unavailable'],
  [new RequestError('no one', { cause: new NoRespondersError('a') }), 'Unavailable'],
  [new Error('anything else'), 'Unavailable'],
])('%s is %s', (thrown, code) => {
  expect(natsError(thrown, 'cannot say it', { executed: 'maybe' })).toMatchObject({
    code,
    executed: 'maybe',
    rawMessage: `cannot say it: ${thrown.message}`,
    cause: thrown,
  });
});

test.each([undefined, new Error(''), 'a text'])('%o says that the connection ended', (thrown) => {
  expect(natsError(thrown, 'cannot say it')).toMatchObject({
    code: 'Unavailable',
    rawMessage: 'cannot say it: the connection ended',
  });
});

test('what is ours already stays as it is', () => {
  const ours = new ServiceError('Canceled', 'given up', { executed: 'no' });
  expect(natsError(ours, 'cannot say it')).toBe(ours);
});
