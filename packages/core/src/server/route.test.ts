import { noMetadata } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, test, vi } from 'vitest';
import { ArrivingCall } from '../../test/arriving-call.js';
import { servedEndpoint } from '../../test/greeter.js';
import { HelloRequest, NameValidator, Unknown } from '../../test/name-validator.js';
import { CallContext } from '../context/index.js';
import { CompiledSchemas } from '../schemas/compiled-schemas.js';
import { Route } from './route.js';

function contextOf(): CallContext {
  const [service, endpoint, deadline, clock] = ['greeter', 'Greeter.Hello', 1_000, new FakeClock()] as const;
  return new CallContext({ service, endpoint, metadata: noMetadata, deadline, peer: undefined, node: 'n1', clock });
}

const started = vi.fn();
const serve = (route: Route, call = new ArrivingCall()) => route.serve(call, contextOf(), undefined, started);

test('a route is put together once, whatever number of calls it serves', async () => {
  const validator = new NameValidator();
  const interceptors = vi.fn(() => []);
  const endpoint = servedEndpoint(() => 'hi', { descriptor: { request: HelloRequest } });
  Object.defineProperty(endpoint, 'interceptors', { get: interceptors });
  const route = new Route('n1', endpoint, new CompiledSchemas(validator), []);
  for (let call = 0; call < 3; call += 1) await serve(route);
  expect([validator.compiled, interceptors.mock.calls.length]).toEqual([[HelloRequest], 1]);
  expect([route.node, route.service, route.endpoint]).toEqual(['n1', 'greeter', 'Greeter.Hello']);
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
  started.mockClear();
  const counts: number[] = [];
  const count = (): void => void counts.push(started.mock.calls.length);
  const endpoint = servedEndpoint(count);
  const through = new Route('n1', endpoint, new CompiledSchemas(undefined), [
    (call, next) => {
      count();
      return next(call);
    },
  ]);
  await serve(through);
  expect(counts).toEqual([0, 1]);
});
