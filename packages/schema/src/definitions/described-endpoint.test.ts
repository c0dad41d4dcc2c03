import type { EndpointRecord, ServiceRecord } from '@tenon/contract';
import { expect, test } from 'vitest';
import { describedEndpoints } from './described-endpoint.js';

const record = (...endpoints: readonly (Partial<EndpointRecord> & { readonly name: string })[]): ServiceRecord => ({
  name: 'greeter',
  version: '1.0.0',
  metadata: {},
  nodes: [],
  endpoints: endpoints.map((one) => ({ request: null, response: null, metadata: {}, ...one })),
});

test('endpoints come in the order of their names, without subscriptions, with all that their metadata say', () => {
  const metadata = {
    stream: 'true',
    'stream-kind': 'bidi',
    idempotent: 'true',
    policy: '{"timeoutMs":500,"priority":"bulk","keyField":"id","waitForReady":true}',
    description: 'Says hello.',
    deprecated: 'use Welcome',
    'request-schema': '{"type":"string"}',
    'response-schema': 'true',
  };
  const [first, second] = describedEndpoints(
    record(
      { name: 'Greeter.Hello', metadata },
      { name: 'Greeter.onX', metadata: { subscriber: 'true' } },
      { name: 'Greeter.Bye' },
    ),
  );
  expect(first).toEqual({
    name: 'Greeter.Bye',
    kind: 'unary',
    idempotent: false,
    policy: undefined,
    description: undefined,
    deprecated: undefined,
    request: undefined,
    response: undefined,
  });
  expect(second).toEqual({
    name: 'Greeter.Hello',
    kind: 'bidi',
    idempotent: true,
    policy: { timeoutMs: 500, priority: 'bulk', keyField: 'id', waitForReady: true },
    description: 'Says hello.',
    deprecated: 'use Welcome',
    request: { type: 'string' },
    response: true,
  });
});

test.each([
  ['{', undefined],
  ['[]', undefined],
  ['{"timeoutMs":"1","priority":"first","maxAttempts":1.5,"keyField":1,"more":1}', undefined],
  ['{"timeoutMs":0,"maxAttempts":6,"hedgeAfterMs":-1}', undefined],
  ['{"timeoutMs":1,"__proto__":{"keyField":"a"}}', { timeoutMs: 1 }],
])('of the policy %s the part that is one is taken', (policy, taken) => {
  expect(describedEndpoints(record({ name: 'A.B', metadata: { policy } }))[0]?.policy).toEqual(taken);
});

test('of endpoints with one name the first counts', () => {
  const described = describedEndpoints(
    record({ name: 'A.B', metadata: { description: 'first' } }, { name: 'A.B', metadata: { description: 'second' } }),
  );
  expect(described.map(({ description }) => description)).toEqual(['first']);
});

test('a schema that is no JSON is handed on as it is: nobody takes it for one', () => {
  const [one] = describedEndpoints(record({ name: 'A.B', metadata: { 'request-schema': '{broken' } }));
  expect(one?.request).toBe('{broken');
});

test("go-micro's own records, which have no schemas, are read field by field", () => {
  const field = (name: string, type: string, values: EndpointRecord['request'][] | null = null) =>
    ({ name, type, values }) as NonNullable<EndpointRecord['request']>;
  const request = field('Request', 'Request', [
    field('name', 'string'),
    field('age', 'int32'),
    field('tags', '[]string'),
    field('nested', 'Address', [field('zip', 'uint64'), field('at', 'Time')]),
  ]);
  const [one] = describedEndpoints(record({ name: 'A.B', request, response: field('Empty', 'Empty') }));
  expect(one?.request).toEqual({
    title: 'Request',
    type: 'object',
    properties: {
      name: { type: 'string' },
      age: { type: 'integer' },
      tags: { type: 'array', items: { type: 'string' } },
      nested: { title: 'Address', type: 'object', properties: { zip: { type: 'integer' }, at: {} } },
    },
  });
  expect(one?.response).toEqual({ title: 'Empty', type: 'object' });
});
