import { expect, test } from 'vitest';
import { servedEndpoint, servedService, servedSubscription } from '../../test/greeter.js';
import { HelloRequest, helloSchema, NameValidator, Unknown } from '../../test/name-validator.js';
import { CompiledSchemas } from '../schemas/compiled-schemas.js';
import { serviceRecord } from './service-record.js';

const node = { id: 'greeter-1', address: '10.0.0.7:80', metadata: { protocol: 'mucp', 'tenon-protocols': 'http' } };
const nothing = (): void => {};

test("a service's record is what go-micro would write, with Tenon's keys beside its own", () => {
  const service = servedService({
    version: '1.2.0',
    metadata: { zone: 'x', protocol: 'mine' },
    endpoints: [
      servedEndpoint(nothing, { descriptor: { request: HelloRequest }, metadata: { auth: 'user' } }),
      servedEndpoint(nothing, { descriptor: { name: 'Greeter.Bye', request: Unknown, response: HelloRequest } }),
    ],
    subscriptions: [servedSubscription(nothing, { event: HelloRequest, options: { queue: 'greeter' } })],
  });
  const values = [{ name: 'name', type: 'string', values: null }];
  const described = { name: 'HelloRequest', type: 'HelloRequest', values };
  const schema = JSON.stringify(helloSchema);
  expect(JSON.parse(JSON.stringify(serviceRecord(service, node, new CompiledSchemas(new NameValidator()))))).toEqual({
    name: 'greeter',
    version: '1.2.0',
    metadata: {},
    endpoints: [
      {
        name: 'Greeter.Hello',
        request: described,
        response: null,
        metadata: { auth: 'user', 'request-schema': schema },
      },
      { name: 'Greeter.Bye', request: null, response: described, metadata: { 'response-schema': schema } },
      {
        name: 'Greeter.onUserCreated',
        request: described,
        response: null,
        metadata: { topic: 'user.created', subscriber: 'true', 'request-schema': schema },
      },
    ],
    nodes: [
      {
        id: 'greeter-1',
        address: '10.0.0.7:80',
        // A label cannot take the place of a key that means something.
        metadata: { zone: 'x', protocol: 'mucp', 'tenon-protocols': 'http' },
      },
    ],
  });
});

test('what an endpoint promises all callers is told to those that do not have its class', () => {
  const policy = { timeoutMs: 500, keyField: 'id' };
  const service = servedService({
    endpoints: [
      servedEndpoint(nothing, {
        descriptor: { idempotent: true, policy },
        metadata: { idempotent: 'mine', note: 'a' },
      }),
    ],
  });
  expect(serviceRecord(service, node, new CompiledSchemas(undefined)).endpoints[0]?.metadata).toEqual({
    note: 'a',
    idempotent: 'true',
    policy: JSON.stringify(policy),
  });
});

test('without a validator nothing is known of requests and replies', () => {
  const service = servedService({ endpoints: [servedEndpoint(nothing, { descriptor: { request: HelloRequest } })] });
  expect(serviceRecord(service, node, new CompiledSchemas(undefined)).endpoints).toEqual([
    { name: 'Greeter.Hello', request: null, response: null, metadata: {} },
  ]);
});

test.each(['server', 'client', 'bidi'] as const)(
  'a %s stream is one for go-micro, and says which for others',
  (kind) => {
    const service = servedService({ endpoints: [servedEndpoint(nothing, { descriptor: { kind } })] });
    const [endpoint] = serviceRecord(service, node, new CompiledSchemas(undefined)).endpoints;
    expect(endpoint?.metadata).toEqual({ stream: 'true', 'stream-kind': kind });
  },
);
