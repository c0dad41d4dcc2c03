import { connect } from 'node:net';
import { ServiceError } from '@tenon/contract';
import { expect, test } from 'vitest';
import { until } from '../../../test/wire/test-call.js';
import { goErrorText, goRequest } from './golden.js';
import { ask, conversation, parseReplies, type RawReply, textOf } from './raw-peer.js';
import { type Answer, serve, type TestServer } from './test-server.js';

test("go-micro's recorded request is answered as go-micro does, and nothing of it is echoed", async () => {
  await using server = await serve();
  const reply = await askMucp(server, goRequest);
  expect(reply.status).toBe(200);
  expect(reply.body).toBe('{"msg":"Hello A0"}');
  expect(reply.headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '18' });
  const framing = ['connection', 'content-length', 'content-type', 'date'];
  expect(Object.keys(reply.headers).filter((name) => !framing.includes(name))).toEqual([]);
  const [call] = server.received;
  expect(call).toMatchObject({ service: 'greeter', endpoint: 'Greeter.Hello', contentType: 'application/json' });
  expect({ ...call?.metadata }).toEqual({ 'x-request-id': 'abc' });
  expect((call?.deadline ?? 0) - performance.now()).toBeGreaterThan(0);
  expect((call?.deadline ?? 0) - performance.now()).toBeLessThanOrEqual(5_000);
});

test('an error is written in the very bytes of go-micro, and the connection stays open', async () => {
  const fail: Answer = () => {
    throw new ServiceError('NotFound', 'no such x', { details: { kept: 'here' }, executed: 'yes' });
  };
  await using server = await serve({ 'Greeter.Hello': fail });
  const [first, second] = parseReplies(await conversation(server.number, goRequest + closing(goRequest)));
  for (const reply of [first, second]) {
    expect([reply?.status, reply?.body]).toEqual([200, '']);
    expect(reply?.headers).toMatchObject({
      'content-type': 'application/json',
      'micro-error': goErrorText,
      'x-micro-error': goErrorText,
      'content-length': '0',
    });
  }
});

test.each([
  ['the endpoint alone', { 'Micro-Endpoint': 'Greeter.Hello' }],
  ['the method alone', { 'Micro-Method': 'Greeter.Hello' }],
  ["version 0's spelling", { 'X-Micro-Endpoint': 'Greeter.Hello', 'X-Micro-Service': 'greeter' }],
  ["version 0's method", { 'X-Micro-Method': 'Greeter.Hello' }],
  ['any case', { 'MICRO-ENDPOINT': 'Greeter.Hello', 'micro-service': 'greeter', 'Micro-ID': '7' }],
  ['a type with parameters', { 'Micro-Endpoint': 'Greeter.Hello', 'Content-Type': 'application/json; charset=utf-8' }],
])('a request with %s is served', async (_name, headers) => {
  await using server = await serve();
  const reply = await askMucp(server, mucp({ 'Content-Type': 'application/json', ...headers }, '{"name":"Ada"}'));
  expect([reply.status, reply.headers['content-type'], reply.body]).toEqual([
    200,
    'application/json',
    '{"msg":"Hello Ada"}',
  ]);
});

test('any method and path are served', async () => {
  await using server = await serve();
  for (const line of ['GET /anything', 'PUT //..;?x', 'POST /greeter/Greeter.Nope']) {
    const reply = await askMucp(server, goRequest.replace('POST /', line));
    expect(reply.body).toBe('{"msg":"Hello A0"}');
  }
});

test('chunked and empty bodies are read, as Go sends empty messages', async () => {
  await using server = await serve({ 'Greeter.Hello': (call) => ({ value: call.decode(), metadata: {} }) });
  const chunked = goRequest.replace('Content-Length: 14', 'Transfer-Encoding: chunked').replace('{"name":"A0"}\n', '');
  expect((await askMucp(server, `${chunked}0\r\n\r\n`)).body).toBe('{}');
  expect((await askMucp(server, `${chunked}e\r\n{"name":"A0"}\n\r\n0\r\n\r\n`)).body).toBe('{"name":"A0"}');
  expect(
    (await askMucp(server, mucp({ 'Content-Type': 'application/json', 'Micro-Method': 'Greeter.Hello' }, ''))).body,
  ).toBe('{}');
});

test.each([['application/xml'], ['application/proto-rpc']])(
  'a type without a codec, %s, is answered as go-micro does: 200, a text, no Micro-Error',
  async (type) => {
    await using server = await serve();
    const reply = await askMucp(server, goRequest.replace('Content-Type: application/json', `Content-Type: ${type}`));
    expect([reply.status, reply.headers['content-type'], reply.body]).toEqual([
      200,
      'text/plain',
      `unsupported Content-Type: ${type}`,
    ]);
    expect(reply.headers['micro-error']).toBeUndefined();
  },
);

test("a request without a type has go-micro's default, protobuf", async () => {
  await using server = await serve();
  const reply = await askMucp(server, goRequest.replace('Content-Type: application/json\r\n', ''));
  expect(reply.body).toBe('unsupported Content-Type: application/protobuf');
});

test.each([
  ['an event where none are taken', { 'Micro-Topic': 'user.created' }, 501, 'events'],
  ['neither endpoint nor method', { 'Micro-Service': 'greeter' }, 400, 'ill-formed'],
  ['a timeout that is no number', { 'Micro-Endpoint': 'Greeter.Hello', Timeout: '5s' }, 400, 'timeout'],
  ['a compressed body', { 'Micro-Endpoint': 'Greeter.Hello', 'Content-Encoding': 'gzip' }, 400, 'gzip'],
  ['too much metadata', { 'Micro-Endpoint': 'Greeter.Hello', 'X-A': 'x'.repeat(9_000) }, 429, 'metadata'],
])('%s is refused in Micro-Error before the handler', async (_name, headers, code, text) => {
  await using server = await serve();
  const request = mucp({ 'Content-Type': 'application/json', ...(headers as Record<string, string>) }, '{"name":"A"}');
  const reply = await askMucp(server, request);
  expect(reply.status).toBe(200);
  expect(JSON.parse(reply.headers['micro-error'] ?? '')).toMatchObject({ code, detail: expect.stringContaining(text) });
  expect(server.received).toHaveLength(0);
});

test('a service that the caller did not name is called tenon in errors', async () => {
  await using server = await serve();
  const reply = await askMucp(server, mucp({ 'Content-Type': 'application/json', 'Micro-Method': 'A.B' }, '{}'));
  expect(JSON.parse(reply.headers['micro-error'] ?? '')).toEqual({
    id: 'tenon',
    code: 501,
    detail: 'there is no endpoint A.B',
    status: 'Not Implemented',
  });
});

test('an error in any script, with line breaks, stays one header field', async () => {
  const fail: Answer = () => {
    throw new ServiceError('Aborted', 'Zoë\r\nMicro-Evil: 1 <&> 🙂');
  };
  await using server = await serve({ 'Greeter.Hello': fail });
  const reply = await askMucp(server, goRequest);
  expect(reply.headers['micro-evil']).toBeUndefined();
  const value = Buffer.from(reply.headers['micro-error'] ?? '', 'latin1').toString();
  expect(value).toContain('\\u003c\\u0026\\u003e');
  expect(JSON.parse(value)).toMatchObject({ code: 409, detail: 'Zoë\r\nMicro-Evil: 1 <&> 🙂' });
});

test('a body over the limit and a reply that cannot be sent are Micro-Errors', async () => {
  const unfit: Answer = () => ({ value: () => 1, metadata: {} });
  await using server = await serve({ 'Greeter.Hello': unfit }, { maxMessageBytes: 100 });
  const large = await askMucp(
    server,
    mucp({ 'Content-Type': 'application/json', 'Micro-Method': 'Greeter.Hello' }, 'x'.repeat(101)),
  );
  expect(JSON.parse(large.headers['micro-error'] ?? '')).toMatchObject({ code: 429 });
  expect(server.received).toHaveLength(0);
  const reply = await askMucp(server, goRequest);
  expect(JSON.parse(reply.headers['micro-error'] ?? '')).toMatchObject({ code: 500, status: 'Internal Server Error' });
});

test('metadata of a reply becomes header fields', async () => {
  await using server = await serve({ 'Greeter.Hello': () => ({ value: 1, metadata: { 'x-served-by': 'Zoë' } }) });
  const reply = await askMucp(server, goRequest);
  expect(Buffer.from(reply.headers['x-served-by'] ?? '', 'latin1').toString()).toBe('Zoë');
});

test('a caller that hangs up cancels its call', async () => {
  await using server = await serve({ 'Greeter.Hello': (_call, cancelled) => cancelled });
  const socket = connect(server.number, '127.0.0.1');
  socket.write(goRequest);
  await until(() => server.received.length === 1, 'the call arrived');
  socket.destroy();
  await until(() => server.cancels.length === 1, 'the handler was told');
});

test('a drain answers in Micro-Error and closes the connection, and a kept connection is told', async () => {
  await using server = await serve();
  const socket = connect(server.number, '127.0.0.1');
  socket.write(goRequest);
  await until(() => server.received.length === 1, 'the call arrived');
  await server.listener.drain(new AbortController().signal);
  socket.write(goRequest);
  const [first, second] = parseReplies(await textOf(socket));
  expect(first?.body).toBe('{"msg":"Hello A0"}');
  expect(second?.headers['connection']).toBe('close');
  expect(JSON.parse(second?.headers['micro-error'] ?? '')).toMatchObject({ code: 503 });
  expect(server.received).toHaveLength(1);
});

function mucp(headers: Readonly<Record<string, string>>, body: string): string {
  const lines = Object.entries({ Host: 'a', 'Content-Length': String(body.length), ...headers });
  return `POST / HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

function closing(request: string): string {
  return request.replace(' HTTP/1.1\r\n', ' HTTP/1.1\r\nConnection: close\r\n');
}

function askMucp(server: TestServer, request: string): Promise<RawReply> {
  return ask(server.number, closing(request));
}
