import { expect, test, vi } from 'vitest';
import { ServiceError } from './service-error.js';

test('an error of another installed copy is recognised by its brand', () => {
  const foreign = Object.assign(new Error('x'), { [Symbol.for('tenon.ServiceError')]: true });
  expect(foreign instanceof ServiceError).toBe(true);
  expect(new Error('x') instanceof ServiceError).toBe(false);
});

test('a record survives the trip over JSON without cause and stack', () => {
  const error = new ServiceError('NotFound', 'no order', {
    details: { order: 42 },
    cause: new Error('password=1'),
    service: 'orders',
    endpoint: 'Orders.Get',
    node: 'orders-1',
    executed: 'yes',
    correlationId: 'c1',
  });
  const back = ServiceError.fromRecord(JSON.parse(JSON.stringify(error)));
  expect(back.toRecord()).toEqual(error.toRecord());
  expect(JSON.stringify(error)).not.toContain('password');
});

test.each([
  [null, 'Internal', 'a value of type null was thrown'],
  ['text', 'Internal', 'text'],
  [new Error('boom'), 'Internal', 'boom'],
  [new DOMException('stop', 'AbortError'), 'Canceled', 'stop'],
  [new DOMException('late', 'TimeoutError'), 'DeadlineExceeded', 'late'],
] as const)('%o becomes %s', (thrown, code, message) => {
  const error = ServiceError.from(thrown);
  expect([error.code, error.rawMessage, error.cause]).toEqual([code, message, thrown]);
});

test('an unknown code from a peer reads as Unknown and bad fields are left out', () => {
  const error = ServiceError.fromRecord({ code: 'Teapot', message: 7, executed: 'perhaps', node: {} });
  expect(error.toRecord()).toEqual({ code: 'Unknown', message: 'no message', executed: 'maybe' });
});

test('making a copy writes no stack down, of itself or of the error', () => {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const prepare = vi.fn(
    (_error: unknown, frames: readonly unknown[]) => `${frames.length > 0 ? 'where it was made' : ''}`,
  );
  Error.prepareStackTrace = prepare;
  let error: ServiceError;
  let copy: ServiceError;
  try {
    error = new ServiceError('Unavailable', 'gone');
    copy = error.with({ node: 'a' }).with({ executed: 'no' });
    const written = prepare.mock.calls.filter(([, frames]) => frames.length > 0);
    expect([written, Error.stackTraceLimit]).toEqual([[], stackTraceLimit]);
    expect(copy.stack).toBe('where it was made');
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
  copy.stack = 'mine';
  expect([copy.stack, error.stack]).toEqual(['mine', 'where it was made']);
});

test('a copy keeps the stack and adds what the outer layer knows', () => {
  const error = new ServiceError('Unavailable', 'refused');
  const copy = error.with({ node: 'a' });
  expect([copy.node, copy.stack, copy.code]).toEqual(['a', error.stack, 'Unavailable']);
});

test('what came from outside is refused and told without a stack, and the next error has one', () => {
  for (const error of [
    ServiceError.refusal('InvalidArgument', 'no such field'),
    ServiceError.fromRecord({ code: 'NotFound', message: 'gone' }),
  ]) {
    expect(error.stack).not.toContain('\n    at ');
  }
  expect(new ServiceError('Internal', 'here').stack).toContain('\n    at ');
});
