import type { EndpointRecord, ServiceRecord } from '@tenon/contract';
import type { DescribedEndpoint } from '@tenon/protobuf';
import { protoFileOf, protoFileOfRecord } from '@tenon/protobuf';
import { jsonSchemaOf } from '@tenon/schema';
import { describe, expect, test } from 'vitest';
import { Line, Order, Receipt, Tick } from './classes.js';

const endpoints: readonly DescribedEndpoint[] = [
  { name: 'Shop.Order', kind: 'unary', request: Order, response: Receipt },
  { name: 'Shop.Watch', kind: 'server', request: Line, response: Tick },
  { name: 'Shop.Chat', kind: 'bidi', request: Tick, response: Tick },
  { name: 'Shop.Close', kind: 'unary' },
];

test('the record of a service tells the same .proto as its classes', () => {
  const record = recordOf(endpoints.map(endpointRecord));
  expect(protoFileOfRecord(record).text).toBe(protoFileOf('shop', endpoints).text);
  expect(protoFileOfRecord(record).descriptor).toEqual(protoFileOf('shop', endpoints).descriptor);
});

test('subscriptions are no methods', () => {
  const subscriber = {
    ...endpointRecord(endpoints[1] as DescribedEndpoint),
    metadata: { subscriber: 'true', topic: 'a' },
  };
  expect(
    protoFileOfRecord(recordOf([subscriber, endpointRecord(endpoints[2] as DescribedEndpoint)])).text,
  ).not.toContain('Watch');
});

describe('a record of which nothing can be made is refused', () => {
  test.each([
    ['no JSON', '{', /the record of Shop\.Get has a request-schema that is no JSON Schema/],
    ['no object', '[1]', /no JSON Schema/],
    ['no class', '{"type":"object"}', /the request of Shop\.Get is described by a schema without a class/],
    [
      'a field that every object inherits',
      '{"title":"A","properties":{"constructor":{"type":"string"}}}',
      /A\.constructor cannot be a protobuf field/,
    ],
    ['a class that is no name', '{"title":"a b"}', /the class "a b" cannot be a protobuf message/],
    ['a class that every object inherits', '{"title":"valueOf"}', /the class "valueOf" cannot be/],
    ['a class that is a type of protobuf', '{"title":"string"}', /the class "string" cannot be/],
    ['a field of any type', '{"title":"A","properties":{"b":{}}}', /A\.b may hold anything/],
    ['a reference into nothing', '{"title":"A","properties":{"b":{"$ref":"#/$defs/C"}}}', /A\.b may hold anything/],
    [
      'one of several classes',
      '{"title":"A","properties":{"b":{"anyOf":[{},{},{}]}}}',
      /A\.b holds one of several classes/,
    ],
    [
      'a list of lists',
      '{"title":"A","properties":{"b":{"type":"array","items":{"type":"array"}}}}',
      /A\.b is a list of lists/,
    ],
  ])('%s', (_, schema, message) => {
    const endpoint = { name: 'Shop.Get', request: null, response: null, metadata: { 'request-schema': schema } };
    expect(() => protoFileOfRecord(recordOf([endpoint]))).toThrow(message);
  });
});

function recordOf(records: readonly EndpointRecord[]): ServiceRecord {
  return { name: 'shop', version: '1.0.0', metadata: {}, endpoints: records, nodes: [] };
}

function endpointRecord({ name, kind, request, response }: DescribedEndpoint): EndpointRecord {
  const schema = (key: string, of: typeof request) =>
    typeof of === 'function' ? { [key]: JSON.stringify(jsonSchemaOf(of)) } : {};
  return {
    name,
    request: null,
    response: null,
    metadata: {
      ...(kind === 'unary' ? {} : { stream: 'true', 'stream-kind': kind }),
      ...schema('request-schema', request),
      ...schema('response-schema', response),
    },
  };
}
