import type { Reply } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, test, vi } from 'vitest';
import { ArrivingCall } from '../../test/arriving-call.js';
import { servedEndpoint } from '../../test/greeter.js';
import { HelloRequest, NameValidator, Unknown } from '../../test/name-validator.js';
import { RecordingLogger } from '../../test/recording-logger.js';
import { CompiledSchemas } from '../schemas/compiled-schemas.js';
import { Route } from './route.js';
import { RunningCall } from './running-call.js';

function runningOf(route: Route, call = new ArrivingCall()): RunningCall {
  const keeper = { clock: new FakeClock(), logger: new RecordingLogger(), leftLine: () => {}, ended: () => {} };
  return new RunningCall(call, route, 1_000, false, keeper);
}

const serve = (route: Route, call?: ArrivingCall): Reply | Promise<Reply> =>
  route.serve(runningOf(route, call), undefined);

test('a route is put together once, whatever number of calls it serves', async () => {
  const validator = new NameValidator();
  const interceptors = vi.fn(() => []);
  const endpoint = servedEndpoint(() => 'hi', { descriptor: { request: HelloRequest } });
  Object.defineProperty(endpoint, 'interceptors', { get: interceptors });
  const route = new Route('n1', endpoint, new CompiledSchemas(validator), []);
  for (let call = 0; call < 3; call += 1) await serve(route);
  expect([validator.compiled, interceptors.mock.calls.length]).toEqual([[HelloRequest], 1]);
  expect([route.node, route.service, route.endpoint, route.kind]).toEqual(['n1', 'greeter', 'Greeter.Hello', 'unary']);
});

test('a call on whose way nothing takes time is answered at once, without a promise', () => {
  const endpoint = servedEndpoint(() => 'hi', { descriptor: { request: HelloRequest, response: HelloRequest } });
  const route = new Route('n1', endpoint, new CompiledSchemas(new NameValidator()), []);
  expect(serve(route)).toEqual({ value: 'hi', metadata: {}, schema: HelloRequest });
});

describe('a request', () => {
  test.each([
    ['of no schema', undefined],
    ['of a schema that the validator does not know', Unknown],
  ])('%s is handed over as it was decoded', async (_what, request) => {
    const value = { any: 'thing' };
    const handle = vi.fn();
    const endpoint = servedEndpoint(handle, { descriptor: { request } });
    const call = new ArrivingCall({ read: () => value });
    await serve(new Route('n1', endpoint, new CompiledSchemas(new NameValidator()), []), call);
    expect(call.decoded).toEqual([request]);
    expect(handle.mock.calls[0]?.[0]).toBe(value);
  });

  test('whose rules take time is waited for', async () => {
    const handle = vi.fn();
    const schemas = new CompiledSchemas({
      compile: () => ({ jsonSchema: {}, validate: async () => 'checked' as never }),
    });
    const endpoint = servedEndpoint(handle, { descriptor: { request: HelloRequest } });
    await serve(new Route('n1', endpoint, schemas, []));
    expect(handle.mock.calls).toEqual([['checked']]);
  });
});

test('a call counts as executed from right before its handler on', async () => {
  const seen: string[] = [];
  const begin = vi.spyOn(RunningCall.prototype, 'begin').mockImplementation(() => void seen.push('begun'));
  const endpoint = servedEndpoint(() => void seen.push('handler'));
  const route = new Route('n1', endpoint, new CompiledSchemas(undefined), [
    (call, next) => {
      seen.push('interceptor');
      return next(call);
    },
  ]);
  await serve(route);
  begin.mockRestore();
  expect(seen).toEqual(['interceptor', 'begun', 'handler']);
});
