import { type Intercept, ServiceError } from '@tenon/contract';
import { describe, expect, test, vi } from 'vitest';
import { ArrivingCall, serve } from '../../test/arriving-call.js';
import { type DispatcherSetting, dispatcherOf } from '../../test/dispatcher-under-test.js';
import { failureOf } from '../../test/failure-of.js';
import { callContext } from '../context/index.js';

describe('what the caller is told about whether its call ran', () => {
  const refuse: Intercept = () => {
    throw new ServiceError('PermissionDenied', 'not you', { executed: 'yes' });
  };
  const odd: Intercept = () => {
    throw new TypeError('odd');
  };
  const afterwards: Intercept = async (call, next) => {
    await next(call);
    throw new ServiceError('Aborted', 'changed my mind', { executed: 'maybe' });
  };
  const failing = (...error: ConstructorParameters<typeof ServiceError>) => ({
    handle: () => Promise.reject(new ServiceError(...error)),
  });

  test.each([
    ['an unknown endpoint', {}, { endpoint: 'Greeter.Bye' }, 'Unimplemented', 'no'],
    ['an unknown service', {}, { service: 'other' }, 'Unimplemented', 'no'],
    ['a deadline that has passed', {}, { deadline: 0 }, 'DeadlineExceeded', 'no'],
    [
      'bytes that cannot be decoded',
      {},
      {
        read: () => {
          throw new ServiceError('InvalidArgument', 'malformed');
        },
      },
      'InvalidArgument',
      'no',
    ],
    ['a value that breaks a rule', {}, { read: () => ({ name: 7 }) }, 'InvalidArgument', 'no'],
    ['an early interceptor that refuses', { early: [refuse] }, {}, 'PermissionDenied', 'no'],
    ['an early interceptor that breaks', { early: [odd] }, {}, 'Internal', 'no'],
    ['an interceptor that refuses', { bound: [refuse] }, {}, 'PermissionDenied', 'no'],
    ['an interceptor of the endpoint that refuses', { used: [refuse] }, {}, 'PermissionDenied', 'no'],
    ['an interceptor that fails after the handler', { bound: [afterwards] }, {}, 'Aborted', 'yes'],
    ['an early interceptor that fails after the handler', { early: [afterwards] }, {}, 'Aborted', 'yes'],
    ['a handler that fails by choice', failing('NotFound', 'x'), {}, 'NotFound', 'yes'],
    [
      'a handler that breaks',
      {
        handle: () => {
          throw new TypeError('odd');
        },
      },
      {},
      'Internal',
      'yes',
    ],
    ['a handler that vouches', failing('Unavailable', 'x', { executed: 'no' }), {}, 'Unavailable', 'no'],
    [
      'a handler that passes on a call that did not run',
      failing('Unavailable', 'x', { executed: 'no', service: 'stock', endpoint: 'Stock.Take' }),
      {},
      'Unavailable',
      'yes',
    ],
    [
      'a handler that sets reply metadata which no wire carries',
      { handle: () => callContext().setReplyMetadata('a b', 'c') },
      {},
      'InvalidArgument',
      'yes',
    ],
  ] satisfies [string, DispatcherSetting, ConstructorParameters<typeof ArrivingCall>[0], string, string][])(
    '%s',
    async (_what, setting, arriving, code, executed) => {
      const { clock, dispatcher } = dispatcherOf(setting);
      const call = new ArrivingCall(arriving);
      expect(await failureOf(serve(dispatcher, call))).toMatchObject({ code, executed });
      await dispatcher.drain();
      expect([call.answers, clock.pending]).toEqual([1, 0]);
    },
  );

  test('and a call that was refused reached neither decoder nor handler', async () => {
    const handle = vi.fn();
    const { dispatcher } = dispatcherOf({ handle });
    const late = new ArrivingCall({ deadline: 0 });
    await failureOf(serve(dispatcher, late));
    await dispatcher.drain();
    const refused = new ArrivingCall();
    await failureOf(serve(dispatcher, refused));
    expect([late.decoded, refused.decoded, handle.mock.calls]).toEqual([[], [], []]);
  });
});
