import { Client, type Intercept, type Interceptor, ServiceError } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { expect, test } from 'vitest';
import { failureOf } from '../../test/failure-of.js';
import { hello } from '../../test/greeter.js';
import { RecordingLogger } from '../../test/recording-logger.js';
import { ScriptedSelector } from '../../test/scripted-selector.js';
import { replying, ScriptedTransport } from '../../test/scripted-transport.js';
import { callClient } from './call-client.js';

function clientWith(intercept: Intercept) {
  const transport = new ScriptedTransport().answer('a:1', replying('hi'));
  const create = callClient().create as unknown as (...parts: unknown[]) => Client;
  const [clock, selector, logger] = [new FakeClock(), new ScriptedSelector(['a']), new RecordingLogger()];
  const bound: Interceptor = { name: 'faulty', places: ['client'], intercept };
  const client = create([transport], selector, undefined, [], undefined, [bound], clock, logger);
  return { client, logger };
}

test.each([
  ['at once', false],
  ['later', true],
])('an interceptor that throws %s fails that call only, as a ServiceError, and is logged', async (_when, later) => {
  const fault = new TypeError('x is undefined');
  let calls = 0;
  const { client, logger } = clientWith((call, next) => {
    calls += 1;
    if (calls > 1) return next(call);
    if (!later) throw fault;
    return new Promise((resolve) => setImmediate(resolve)).then(() => Promise.reject(fault));
  });
  expect(await failureOf(client.unary(hello, {}))).toMatchObject({ code: 'Internal', endpoint: 'Greeter.Hello' });
  expect(logger.complaints).toMatchObject([{ level: 'error', fields: { endpoint: 'Greeter.Hello', error: fault } }]);
  expect(await client.unary(hello, {})).toMatchObject({ value: 'hi' });
});

test('one that refuses a call by a ServiceError, or leaves with the signal, is no fault', async () => {
  const refusals = [
    new ServiceError('PermissionDenied', 'not you', { executed: 'no' }),
    new DOMException('left', 'AbortError'),
  ];
  for (const refusal of refusals) {
    const { client, logger } = clientWith(() => Promise.reject(refusal));
    await failureOf(client.unary(hello, {}));
    expect(logger.complaints).toEqual([]);
  }
});
