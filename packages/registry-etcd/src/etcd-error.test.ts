import { ServiceError } from '@tenon/contract';
import { expect, it } from 'vitest';
import { etcdError, isStaleToken } from './etcd-error.js';

it.each([
  [14, 'No connection established', 'Unavailable'],
  [14, 'etcdserver: no leader', 'Unavailable'],
  [4, 'Deadline exceeded after 5.001s', 'Unavailable'],
  [13, 'Received RST_STREAM with code 2', 'Unavailable'],
  [2, 'etcdserver: something new', 'Unavailable'],
  [5, 'etcdserver: requested lease not found', 'NotFound'],
  [7, 'etcdserver: permission denied', 'PermissionDenied'],
  [8, 'etcdserver: mvcc: database space exceeded', 'ResourceExhausted'],
  [16, 'etcdserver: invalid auth token', 'Unauthenticated'],
  [3, 'etcdserver: authentication failed, invalid user ID or password', 'Unauthenticated'],
  [3, 'etcdserver: user name is empty', 'Unauthenticated'],
  [3, 'etcdserver: key is not provided', 'InvalidArgument'],
])('status %i, "%s", is %s', (code, details, expected) => {
  const thrown = Object.assign(new Error(`${code} ${details}`), { code, details });
  const error = etcdError(thrown, 'etcd-1:2379');
  expect(error).toMatchObject({ code: expected, executed: 'no', cause: thrown });
  expect(error.rawMessage).toBe(`etcd at etcd-1:2379: ${details}`);
});

it.each([[new Error('boom')], ['boom']])('anything else that was thrown is Unavailable', (thrown) => {
  expect(etcdError(thrown, 'e:1')).toMatchObject({ code: 'Unavailable', rawMessage: 'etcd at e:1: boom' });
});

it('a ServiceError stays as it is', () => {
  const error = new ServiceError('FailedPrecondition', 'closed');
  expect(etcdError(error, 'e:1')).toBe(error);
});

it('knows the two ways in which etcd refuses an old token', () => {
  expect(isStaleToken({ details: 'etcdserver: invalid auth token' })).toBe(true);
  expect(isStaleToken({ details: 'etcdserver: revision of auth store is old' })).toBe(true);
  expect(isStaleToken({ details: 'etcdserver: permission denied' })).toBe(false);
});
