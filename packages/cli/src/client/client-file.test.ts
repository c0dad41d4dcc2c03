import type { EndpointRecord, ServiceRecord } from '@tenon/contract';
import { expect, test } from 'vitest';
import { clientFile } from './client-file.js';

const endpoint = (name: string, metadata: Readonly<Record<string, string>> = {}): EndpointRecord => ({
  name,
  request: null,
  response: null,
  metadata,
});
const service = (endpoints: readonly EndpointRecord[], name = 'greeter', version = '1.2.0'): ServiceRecord => ({
  name,
  version,
  metadata: {},
  endpoints,
  nodes: [],
});
const schema = (title: string, properties: object = {}): string =>
  JSON.stringify({ title, type: 'object', properties, required: Object.keys(properties) });
const written = (record: ServiceRecord): string => clientFile(record, '@tenon/cli 0.1.0').text;

const hello = {
  'request-schema': schema('HelloRequest', { name: { type: 'string' } }),
  'response-schema': schema('HelloReply', { greeting: { type: 'string' } }),
  idempotent: 'true',
  policy: '{"timeoutMs":500,"keyField":"na\'me"}',
  description: 'Says hello.',
};
const tick = schema('Tick', { number: { type: 'integer' } });

test('the file holds the shape of the service, its contract, and a type for each class', () => {
  const record = service([
    endpoint('Greeter.Hello', hello),
    endpoint('Greeter.Count', { 'stream-kind': 'server', 'request-schema': tick, 'response-schema': tick }),
    endpoint('Greeter.Add', { 'stream-kind': 'client', 'request-schema': tick, 'response-schema': tick }),
    endpoint('Greeter.Chat', { 'stream-kind': 'bidi', 'request-schema': tick, deprecated: 'use Add' }),
    endpoint('Greeter.Ping'),
    endpoint('Greeter.onGreeted', { subscriber: 'true' }),
  ]);
  expect(written(record)).toBe(`// Written by "tenon client" of @tenon/cli 0.1.0, from greeter 1.2.0 in the registry.
// Do not change it: write it anew.

import { contract, type ServiceContract } from 'tenon';

/** The service greeter, version 1.2.0. */
export interface Greeter {
  add(requests: AsyncIterable<Tick>): Promise<Tick>;
  /** @deprecated use Add */
  chat(requests: AsyncIterable<Tick>): AsyncIterable<unknown>;
  count(request: Tick): AsyncIterable<Tick>;
  /** Says hello. */
  hello(request: HelloRequest): Promise<HelloReply>;
  ping(): Promise<unknown>;
}

/** Makes a client of it: \`@InjectClient(GreeterContract)\`, or \`app.client(GreeterContract)\`. */
export const GreeterContract: ServiceContract<Greeter> = contract<Greeter>()('greeter', {
  as: 'Greeter',
  idempotent: [
    'hello',
  ],
  policies: {
    hello: { timeoutMs: 500, keyField: 'na\\'me' },
  },
  streams: {
    add: 'client',
    chat: 'bidi',
    count: 'server',
  },
});

export interface Tick {
  number: number;
}

export interface HelloRequest {
  name: string;
}

export interface HelloReply {
  greeting: string;
}
`);
});

test('the same record gives the same bytes, whatever the order of its endpoints', () => {
  const endpoints = [endpoint('Greeter.Hello', hello), endpoint('Greeter.Ping'), endpoint('Other.Hello', hello)];
  expect(written(service([...endpoints].reverse()))).toBe(written(service(endpoints)));
});

test('names that are no identifiers keep their spelling on the wire', () => {
  const text = written(service([endpoint('my-greeter.Say-hello'), endpoint('my-greeter.New')], 'the greeter'));
  expect(text).toContain("contract<MyGreeter>()('the greeter', {\n  as: 'my-greeter',");
  expect(text).toContain("  'say-hello'(): Promise<unknown>;");
  expect(text).toContain("  'new'(): Promise<unknown>;");
});

test('a method of which no client could be awaited keeps its capital letter', () => {
  expect(written(service([endpoint('Greeter.Then')]))).toContain('  Then(): Promise<unknown>;');
});

test('an endpoint that no method leads to is left out, and told', () => {
  const { text, gaps } = clientFile(
    service([endpoint('hello'), endpoint('Greeter.lower'), endpoint('Greeter.X')]),
    'w',
  );
  expect(gaps).toEqual([
    'the endpoint "Greeter.lower" is left out: no method of a client leads to that name; call it by app.call()',
    'the endpoint "hello" is left out: no method of a client leads to that name; call it by app.call()',
  ]);
  expect(text).toContain(`// Note: ${gaps[0]}.`);
  expect(text).toContain('  x(): Promise<unknown>;');
});

test('a service with nothing that can be called is a file with nothing in it', () => {
  expect(written(service([]))).toBe(
    '// Written by "tenon client" of @tenon/cli 0.1.0, from greeter 1.2.0 in the registry.\n// Do not change it: write it anew.\n',
  );
});

test('a class that is called as the service, or as what the file uses, gets a number', () => {
  const text = written(
    service([
      endpoint('Greeter.A', { 'request-schema': schema('Greeter') }),
      endpoint('Greeter.B', { 'request-schema': schema('Promise') }),
      endpoint('Greeter.C', { 'request-schema': schema('GreeterContract') }),
    ]),
  );
  expect(text).toContain('a(request: Greeter2)');
  expect(text).toContain('b(request: Promise2)');
  expect(text).toContain('c(request: GreeterContract2)');
});

test('two classes of one name with different fields are two types', () => {
  const text = written(
    service([
      endpoint('Greeter.A', { 'request-schema': schema('Item', { sku: { type: 'string' } }) }),
      endpoint('Greeter.B', { 'request-schema': schema('Item', { weight: { type: 'number' } }) }),
    ]),
  );
  expect(text).toContain('export interface Item {\n  sku: string;\n}');
  expect(text).toContain('export interface Item2 {\n  weight: number;\n}');
});

test('nothing that stands in a registry becomes anything but text', () => {
  const evil = '*/ evil(); /* \' " ` $ { evil() } \u2028 evil()\nevil()';
  const text = written(
    service(
      [
        endpoint(`Gr${evil}.X`, {
          description: evil,
          deprecated: evil,
          'request-schema': JSON.stringify({
            title: evil,
            type: 'object',
            description: evil,
            properties: { [evil]: { enum: [evil], description: evil }, ref: { $ref: evil } },
          }),
          policy: JSON.stringify({ keyField: evil }),
        }),
      ],
      evil,
      evil,
    ),
  );
  // Without its comments and literals nothing of it is left.
  const bare = text
    .replaceAll(/\/\*\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\/\/[^\n]*$/gm, '')
    .replaceAll(/'(?:[^'\\\n]|\\.)*'/g, "''");
  expect(bare).not.toMatch(/evil\(|`|\$\{|\u2028/);
  for (const comment of text.match(/^\/\/.*$/gm) ?? []) expect(comment).not.toMatch(/[\u2028\r]/);
});
