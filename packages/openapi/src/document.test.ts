import { codes, type EndpointRecord, type ServiceRecord } from '@tenon/contract';
import { expect, test } from 'vitest';
import { describeServices, openApiDocument } from './document.js';

const service = (name: string, endpoints: readonly EndpointRecord[], version = '1.0.0'): ServiceRecord => ({
  name,
  version,
  metadata: {},
  endpoints,
  nodes: [{ id: `${name}-1`, address: '', metadata: {} }],
});
const endpoint = (name: string, metadata: Readonly<Record<string, string>> = {}): EndpointRecord => ({
  name,
  request: null,
  response: null,
  metadata,
});
const item = (type: string): string => JSON.stringify({ title: 'Item', type: 'object', properties: { a: { type } } });

test('each endpoint is one operation, tagged with its service, with all that it can fail with', () => {
  const metadata = { 'request-schema': item('string'), 'response-schema': '{"type":"integer"}', idempotent: 'true' };
  const document = openApiDocument([service('greeter', [endpoint('Greeter.Hello', metadata)], '1.2.0')]);
  expect(document.info).toEqual({ title: 'greeter', version: '1.2.0' });
  expect(document.servers).toEqual([{ url: '/' }]);
  expect(document.tags).toEqual([{ name: 'greeter', description: 'Version 1.2.0.' }]);
  const { post } = document.paths['/greeter/Greeter.Hello']!;
  expect(post).toMatchObject({
    operationId: 'Greeter.Hello',
    tags: ['greeter'],
    description: 'Idempotent: repeating the call changes nothing more.',
    parameters: [
      { $ref: '#/components/parameters/tenon-timeout-ms' },
      { $ref: '#/components/parameters/tenon-idempotency-key' },
      { $ref: '#/components/parameters/tenon-priority' },
    ],
    requestBody: { required: true, content: { 'application/json': { schema: { $ref: '#/components/schemas/Item' } } } },
    responses: { '200': { content: { 'application/json': { schema: { type: 'integer' } } } } },
    'x-tenon-kind': 'unary',
    'x-tenon-idempotent': true,
  });
  const statuses = Object.values(codes).map(({ httpStatus }) => String(httpStatus));
  expect(Object.keys(post.responses)).toEqual(expect.arrayContaining(['200', ...statuses, '406', '413', '415', '431']));
  for (const status of statuses)
    expect(post.responses[status]).toEqual({ $ref: `#/components/responses/Failure${status}` });
  const told = JSON.stringify(document.components.responses);
  for (const [code, { meaning }] of Object.entries(codes)) expect(told).toContain(`\`${code}\`: ${meaning}`);
});

test('the schema of an error is what an error is written as', () => {
  const { Failure, ErrorCode } = openApiDocument([]).components.schemas;
  expect(ErrorCode?.enum).toEqual(Object.keys(codes));
  expect(Failure?.required).toEqual(['code', 'message', 'executed']);
});

test.each(['server', 'client', 'bidi'] as const)('a %s stream is told as what it is', (kind) => {
  const metadata = {
    stream: 'true',
    'stream-kind': kind,
    'request-schema': item('string'),
    'response-schema': '{"type":"integer"}',
  };
  const { post } = openApiDocument([service('s', [endpoint('S.X', metadata)])]).paths['/s/S.X']!;
  const [asks, gives] = [kind !== 'server', kind !== 'client'];
  expect(Object.keys(post.requestBody.content)).toEqual([
    asks ? 'application/vnd.tenon.stream; type="application/json"' : 'application/json',
  ]);
  const { content } = post.responses['200'] as { content: Record<string, unknown> };
  expect(Object.keys(content)).toEqual(gives ? ['application/x-ndjson', 'text/event-stream'] : ['application/json']);
  if (gives) expect(content['text/event-stream']).toMatchObject({ 'x-itemSchema': { type: 'integer' } });
  expect(post.description).toMatch(/stream/);
  expect(post.description?.includes('501')).toBe(asks);
});

test('the same services give the same bytes, in whatever order they come', () => {
  const all = [
    service('b', [endpoint('B.Y', { 'request-schema': item('string') }), endpoint('B.X')]),
    service('a', [endpoint('A.X', { 'request-schema': item('number') })]),
  ];
  const reversed = [...all].reverse().map((one) => ({ ...one, endpoints: [...one.endpoints].reverse() }));
  expect(JSON.stringify(openApiDocument(reversed))).toBe(JSON.stringify(openApiDocument(all)));
});

test('two classes of one name with different fields are two components', () => {
  const document = openApiDocument([
    service('a', [endpoint('A.X', { 'request-schema': item('number') })]),
    service('b', [endpoint('B.X', { 'request-schema': item('string') })]),
  ]);
  expect(document.components.schemas['Item']).toMatchObject({ properties: { a: { type: 'number' } } });
  expect(document.components.schemas['Item2']).toMatchObject({ properties: { a: { type: 'string' } } });
  expect(document.paths['/b/B.X']?.post.requestBody.content['application/json']).toEqual({
    schema: { $ref: '#/components/schemas/Item2' },
  });
});

test('a class that is called as a component of ours gets a number, and one that no component may be called another name', () => {
  const named = (title: string): string => JSON.stringify({ title, type: 'object', properties: {} });
  const document = openApiDocument([
    service('a', [
      endpoint('A.X', { 'request-schema': named('Failure') }),
      endpoint('A.Y', { 'request-schema': named('Größe/x') }),
      endpoint('A.Z', { 'request-schema': named('名') }),
    ]),
  ]);
  const names = Object.keys(document.components.schemas);
  expect(names).toEqual(['Failure2', 'Gr_e_x', 'Class_', 'ErrorCode', 'Failure', 'StreamFailure', 'Violation']);
  for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9._-]+$/);
});

test('two services with one endpoint name have two operations with two ids', () => {
  const document = openApiDocument([service('b', [endpoint('X.Y')]), service('a', [endpoint('X.Y')])]);
  expect(Object.values(document.paths).map(({ post }) => post.operationId)).toEqual(['a.X.Y', 'b.X.Y']);
  expect(document.info).toEqual({ title: 'a, b', version: 'a 1.0.0, b 1.0.0' });
});

test('of two versions the last is described: calls that name no node go there', () => {
  const document = openApiDocument([service('a', [endpoint('A.X')], '2'), service('a', [endpoint('A.Y')], '1')]);
  expect(Object.keys(document.paths)).toEqual(['/a/A.Y']);
});

test('what has a name that no path carries, or a schema that leads nowhere, is told', () => {
  const schema = JSON.stringify({ title: 'T', type: 'object', properties: { a: { $ref: '#/$defs/Gone' } } });
  const { document, gaps } = describeServices(
    [
      service('a', [endpoint('A.X Y'), endpoint('A.Z', { 'request-schema': schema })]),
      service('b/c', [endpoint('B.X')]),
    ],
    {},
  );
  expect(Object.keys(document.paths)).toEqual(['/a/A.Z']);
  expect(gaps).toEqual([
    'a/A.X Y has a name that no path carries',
    'b/c/B.X has a name that no path carries',
    'the reference "#/$defs/Gone" in the schema of AZRequest leads nowhere that can be followed',
  ]);
});

test('names in paths are percent-encoded', () => {
  expect(Object.keys(openApiDocument([service('gruß', [endpoint('Grüßer.$Hallo')])]).paths)).toEqual([
    '/gru%C3%9F/Gr%C3%BC%C3%9Fer.%24Hallo',
  ]);
});

test('what decorators say for people is there, deprecation with its reason, and what is said of the service', () => {
  const metadata = { description: 'Says hello.', deprecated: 'use Welcome' };
  const told = service('a', [endpoint('A.X', metadata), endpoint('A.Y', { deprecated: 'false' })]);
  const document = openApiDocument([
    { ...told, nodes: [{ id: 'a-1', address: '', metadata: { description: 'Greets.' } }] },
  ]);
  expect(document.paths['/a/A.X']?.post).toMatchObject({
    description: 'Says hello.\n\nDeprecated: use Welcome',
    deprecated: true,
  });
  expect(document.paths['/a/A.Y']?.post.deprecated).toBeUndefined();
  expect(document.tags).toEqual([{ name: 'a', description: 'Greets.\n\nVersion 1.0.0.' }]);
});

test('examples, descriptions and defaults of a schema are kept', () => {
  const schema = {
    title: 'T',
    type: 'object',
    description: 'A thing.',
    examples: [{ a: 1 }],
    properties: { a: { type: 'number', default: 5, description: 'How many.', deprecated: true } },
  };
  const document = openApiDocument([service('a', [endpoint('A.X', { 'request-schema': JSON.stringify(schema) })])]);
  expect(document.components.schemas['T']).toEqual(schema);
});

test('a title, a version, a description and servers can be said', () => {
  const options = {
    title: 'Shop',
    version: '3',
    description: 'All of it.',
    servers: ['https://api.example.com/v1', '/x'],
  };
  const document = openApiDocument([service('a', [])], options);
  expect(document.info).toEqual({ title: 'Shop', version: '3', description: 'All of it.' });
  expect(document.servers).toEqual([{ url: 'https://api.example.com/v1' }, { url: '/x' }]);
});
