import { ServiceError } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, test } from 'vitest';
import { RecordingLogger } from '../../test/recording-logger.js';
import { CallContext } from '../context/index.js';
import { handlerError } from './handler-error.js';

function setUp() {
  const logger = new RecordingLogger();
  const context = new CallContext({
    service: 'greeter',
    endpoint: 'Greeter.Hello',
    metadata: { 'x-request-id': 'r-7' },
    deadline: 1_000,
    peer: undefined,
    node: 'n1',
    clock: new FakeClock(),
  });
  const errorOf = (thrown: unknown, handlerStarted = true): ServiceError =>
    handlerError(thrown, { handlerStarted, context }, logger);
  return { logger, context, errorOf };
}

test('a ServiceError passes as it is, with its place filled in, and is not logged', () => {
  const { logger, errorOf } = setUp();
  const thrown = new ServiceError('NotFound', 'no order 42', { details: { order: 42 } });
  expect(errorOf(thrown).toRecord()).toEqual({
    code: 'NotFound',
    message: 'no order 42',
    details: { order: 42 },
    service: 'greeter',
    endpoint: 'Greeter.Hello',
    executed: 'yes',
  });
  expect(logger.lines).toEqual([]);
});

describe('executed is', () => {
  const own = { executed: 'no' } as const;
  const ofCall = { executed: 'no', service: 'stock', endpoint: 'Stock.Take' } as const;
  const ofOwnKind = { executed: 'no', service: 'greeter', endpoint: 'Greeter.Hello' } as const;
  const ofOwnService = { executed: 'no', service: 'greeter' } as const;
  const ofEvent = { executed: 'no', endpoint: 'order.placed' } as const;

  test.each([
    ['no before the handler, whatever is said', false, { executed: 'maybe' }, 'no'],
    ['no before the handler, also of an error passed on', false, { ...ofCall, executed: 'yes' }, 'no'],
    ['yes once the handler has begun', true, { executed: 'maybe' }, 'yes'],
    ['yes where the handler says so', true, { executed: 'yes' }, 'yes'],
    ['no where the handler vouches for it', true, own, 'no'],
    ['yes for a call of the handler that did not run', true, ofCall, 'yes'],
    ['yes for a call to a node of its own service that did not run', true, ofOwnKind, 'yes'],
    ['yes for an error that names a service, be it the own', true, ofOwnService, 'yes'],
    ['yes for an event of the handler that was not published', true, ofEvent, 'yes'],
  ] as const)('%s', (_when, started, fields, executed) => {
    expect(setUp().errorOf(new ServiceError('Unavailable', 'x', fields), started).executed).toBe(executed);
  });

  test.each([
    [false, 'no'],
    [true, 'yes'],
  ])('for a plain error, with the handler begun %s, %s', (started, executed) => {
    expect(setUp().errorOf(new Error('x'), started).executed).toBe(executed);
  });
});

test('the place that an error passed on names is kept', () => {
  const place = { service: 'stock', endpoint: 'Stock.Take', node: 's1' };
  expect(setUp().errorOf(new ServiceError('NotFound', 'x', place))).toMatchObject(place);
});

describe('anything else', () => {
  test.each([
    ['an error', new Error('password=secret')],
    ['a text', 'password=secret'],
    ['nothing', undefined],
    ['an object', { password: 'secret' }],
    ['an abort that nobody asked for', new DOMException('password=secret', 'AbortError')],
  ])('such as %s becomes Internal, of which caller and log share an id and nothing else', (_what, thrown) => {
    const { logger, errorOf } = setUp();
    const error = errorOf(thrown);
    expect(error).toMatchObject({
      code: 'Internal',
      service: 'greeter',
      endpoint: 'Greeter.Hello',
      correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(error.rawMessage).toContain(error.correlationId);
    expect([JSON.stringify(error), error.message, error.stack, error.cause].join()).not.toContain('secret');
    const { correlationId } = error;
    const facts = { service: 'greeter', endpoint: 'Greeter.Hello', requestId: 'r-7', correlationId, error: thrown };
    expect(logger.lines).toEqual([{ level: 'error', message: 'a handler failed', fields: facts }]);
  });

  test('has an id of its own each time', () => {
    const { errorOf } = setUp();
    expect(errorOf('x').correlationId).not.toBe(errorOf('x').correlationId);
  });

  test('is not worth a line where the handler heeded its signal, and is where it failed after that', () => {
    const { logger, context, errorOf } = setUp();
    const reason = new ServiceError('Canceled', 'the caller left');
    context.cancel(reason);
    expect(errorOf(new DOMException('This operation was aborted', 'AbortError'))).toBe(reason);
    expect(logger.lines).toEqual([]);
    errorOf(new Error('x'));
    expect(logger.lines).toHaveLength(1);
  });
});
