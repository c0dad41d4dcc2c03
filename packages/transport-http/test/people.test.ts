import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { codes, ServiceError } from '@tenon/contract';
import { expect, test } from 'vitest';
import { until } from '../../../test/wire/test-call.js';
import { ask, conversation, parseReplies, post, type RawReply } from './raw-peer.js';
import { newCodecs, serve } from './test-server.js';

const hello = '/greeter/Greeter.Hello';
const json = { 'content-type': 'application/json' };

test('a person with curl gets a greeting, and a readable error with its HTTP status', async () => {
  await using server = await serve();
  const curl = promisify(execFile);
  const address = `http://127.0.0.1:${server.number}`;
  const good = await curl('curl', ['-s', '-w', ' %{http_code}', '--json', '{"name":"Ada"}', `${address}${hello}`]);
  expect(good.stdout).toBe('{"msg":"Hello Ada"} 200');
  const bad = await curl('curl', ['-s', '-w', ' %{http_code}', '--json', '{}', `${address}/greeter/Greeter.Nope`]);
  const record = { code: 'Unimplemented', message: 'there is no endpoint Greeter.Nope', executed: 'no' };
  expect(bad.stdout).toBe(`${JSON.stringify(record)} 501`);
});

test('a request with every field named and one without a type are read alike', async () => {
  await using server = await serve();
  for (const headers of [json, {}, { 'content-type': 'Application/JSON; charset=utf-8' }]) {
    const reply = await ask(server.number, post(hello, '{"name":"Ada"}', headers));
    expect([reply.status, reply.headers['content-type'], reply.body]).toEqual([
      200,
      'application/json',
      '{"msg":"Hello Ada"}',
    ]);
  }
  expect(server.received[0]).toMatchObject({ service: 'greeter', endpoint: 'Greeter.Hello', deadline: Infinity });
  expect(server.received[0]?.peer).toEqual({
    transport: 'http',
    protocol: 'http/1.1',
    address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
  });
});

test('a call without a body has no arguments, in JSON', async () => {
  await using server = await serve();
  const reply = await ask(server.number, post('/greeter/Greeter.Echo', ''));
  expect(reply.body).toBe('{}');
});

test('a chunked body is read', async () => {
  await using server = await serve();
  const head = `POST ${hello} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const reply = await ask(server.number, `${head}7\r\n{"name"\r\n7\r\n:"Ada"}\r\n0\r\n\r\n`);
  expect(reply.body).toBe('{"msg":"Hello Ada"}');
});

test('the reply comes in the type of the request, or in the one that Accept prefers', async () => {
  await using server = await serve();
  const msgpack = newCodecs()[1];
  const typed = async (headers: Record<string, string>, body = '{"name":"Ada"}'): Promise<string | undefined> =>
    (await ask(server.number, post(hello, body, headers))).headers['content-type'];
  const packed = '\x81\xa4name\xa3Ada';
  expect(await typed({ 'content-type': 'application/msgpack' }, packed)).toBe('application/msgpack');
  expect(await typed({ ...json, accept: 'application/msgpack' })).toBe('application/msgpack');
  expect(await typed({ ...json, accept: 'text/html, */*;q=0.8' })).toBe('application/json');
  expect(await typed({ ...json, accept: 'application/json;q=0.1, application/msgpack;q=0.2' })).toBe(
    'application/msgpack',
  );
  expect(await typed({ ...json, accept: 'application/json, application/msgpack;q=0' })).toBe('application/json');
  expect(await typed({ ...json, accept: 'text/plain' })).toBe('application/json');
  expect(msgpack?.contentType).toBe('application/msgpack');
});

test.each(Object.entries(codes))(
  '%s travels as its HTTP status, with its whole record',
  async (code, { httpStatus }) => {
    const fields = { details: { order: 42 }, executed: 'yes', service: 'greeter', correlationId: 'c1' } as const;
    const fail = (): never => {
      throw new ServiceError(code as keyof typeof codes, 'no order 42: Zoë\n', {
        ...fields,
        cause: new Error('secret'),
      });
    };
    await using server = await serve({ 'Greeter.Fail': fail });
    const reply = await ask(server.number, post('/greeter/Greeter.Fail', '{}'));
    expect(reply.status).toBe(httpStatus);
    const record = JSON.parse(Buffer.from(reply.body, 'latin1').toString());
    expect(record).toEqual({ code, message: 'no order 42: Zoë\n', ...fields });
  },
);

test('details that JSON cannot say are left out, and the rest of the error arrives', async () => {
  const fail = (): never => {
    throw new ServiceError('Aborted', 'conflict', { details: { self: () => 1 }, executed: 'yes' });
  };
  await using server = await serve({ 'Greeter.Fail': fail });
  const reply = await ask(server.number, post('/greeter/Greeter.Fail', '{}'));
  expect([reply.status, JSON.parse(reply.body)]).toEqual([
    409,
    { code: 'Aborted', message: 'conflict', executed: 'yes' },
  ]);
});

test('an error that is none of ours keeps its text to itself', async () => {
  const fail = async function* () {
    if (Date.now() > 0) throw new Error('password=1');
    yield 1;
  };
  await using server = await serve(
    { 'Greeter.Fail': () => ({ value: undefined, messages: fail(), metadata: {} }) },
    { kinds: { 'Greeter.Fail': 'server' } },
  );
  const reply = await ask(server.number, post('/greeter/Greeter.Fail', '{}'));
  expect([reply.status, JSON.parse(reply.body).code]).toEqual([500, 'Internal']);
  expect(reply.body).not.toContain('password');
});

test.each([
  ['GET', '/', 404],
  ['HEAD', '/', 404],
  ['POST', '/', 404],
  ['OPTIONS', '*', 404],
  ['GET', '/health', 404],
  ['POST', '/greeter', 404],
  ['POST', '/greeter/v1/Greeter.Hello', 404],
  ['GET', hello, 405],
  ['HEAD', hello, 405],
  ['PUT', hello, 405],
  ['DELETE', hello, 405],
  ['OPTIONS', hello, 405],
  ['PATCH', hello, 405],
])('%s %s is answered %i and says how to call', async (method, path, status) => {
  await using server = await serve();
  const request = `${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
  const text = await conversation(server.number, request);
  expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  if (status === 405) expect(text).toMatch(/\r\nallow: POST\r\n/i);
  if (method === 'HEAD') return;
  const [reply] = parseReplies(text);
  expect(JSON.parse(reply?.body ?? '')).toMatchObject({
    code: status === 405 ? 'Unimplemented' : 'NotFound',
    message: expect.stringContaining('POST /'),
    executed: 'no',
  });
  expect(server.received).toHaveLength(0);
});

test.each([
  ['an unknown content type', { 'content-type': 'application/xml' }, 415, 'bound are application/json'],
  ['a compressed body', { ...json, 'content-encoding': 'gzip' }, 415, 'gzip'],
  ['a web page that names no type', { origin: 'https://evil.example' }, 415, 'web page'],
  ['a time left that is no number', { ...json, 'tenon-timeout-ms': 'soon' }, 400, 'tenon-timeout-ms'],
  ['a negative time left', { ...json, 'tenon-timeout-ms': '-1' }, 400, 'tenon-timeout-ms'],
  ['two times left', { ...json, 'tenon-timeout-ms': '1\r\ntenon-timeout-ms: 2' }, 400, 'tenon-timeout-ms'],
  ['a value that is not encoded as it says', { ...json, 'tenon-encoded': 'x-a', 'x-a': '%' }, 400, 'percent-encoded'],
  ['an encoded line break', { ...json, 'tenon-encoded': 'x-a', 'x-a': 'a%0d%0ab' }, 400, 'control characters'],
])('%s is refused before the handler', async (_name, headers, status, mend) => {
  await using server = await serve();
  const reply = await ask(server.number, post(hello, '{"name":"Ada"}', headers as Record<string, string>));
  expect([reply.status, JSON.parse(reply.body).code]).toEqual([status, 'InvalidArgument']);
  expect(reply.body).toContain(mend);
  expect(server.received).toHaveLength(0);
});

test('metadata over its limits is answered 431', async () => {
  await using server = await serve();
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`x-${i}`, 'a']));
  for (const headers of [many, { 'x-large': 'x'.repeat(9 * 1_024) }]) {
    const reply = await ask(server.number, post(hello, '{"name":"Ada"}', headers));
    expect([reply.status, JSON.parse(reply.body).code]).toEqual([431, 'ResourceExhausted']);
  }
});

test('a large head within the limits is served', async () => {
  await using server = await serve();
  const cookies = { accept: `application/json, ${'text/html, '.repeat(900)}` };
  expect((await ask(server.number, post(hello, '{"name":"Ada"}', cookies))).status).toBe(200);
});

test('metadata is every field that is not framing, and nothing of a request is echoed', async () => {
  await using server = await serve();
  const headers = {
    ...json,
    'X-Request-Id': 'r1',
    authorization: 'Bearer secret',
    constructor: 'data',
    __proto__x: 'p',
    'x-utf8': Buffer.from('Zoë 🙂').toString('latin1'),
    'x-latin1': 'Zo\xeb',
    'tenon-encoded': 'x-padded',
    'x-padded': '%20a%20',
    'user-agent': 'curl/8',
    'accept-language': 'de',
    te: 'trailers',
    'micro-id': '1',
    'x-micro-from': '2',
  };
  const reply = await ask(server.number, post(hello, '{"name":"Ada"}', headers));
  expect({ ...server.received[0]?.metadata }).toEqual({
    'x-request-id': 'r1',
    authorization: 'Bearer secret',
    constructor: 'data',
    __proto__x: 'p',
    'x-utf8': 'Zoë 🙂',
    'x-latin1': 'Zoë',
    'x-padded': ' a ',
  });
  expect(Object.keys(reply.headers).sort()).toEqual(['connection', 'content-length', 'content-type', 'date']);
});

test('a field that comes twice is one value, and __proto__ is only a name', async () => {
  await using server = await serve();
  await ask(server.number, post(hello, '{"name":"Ada"}', { 'x-a': '1\r\nX-A: 2', ['__proto__']: 'polluted' }));
  const metadata = server.received[0]?.metadata;
  expect(metadata?.['x-a']).toBe('1, 2');
  expect(Object.getPrototypeOf(metadata)).toBeNull();
  expect(Object.hasOwn(metadata ?? {}, '__proto__')).toBe(true);
});

test('metadata of a reply becomes header fields, in UTF-8', async () => {
  const reply = { value: 1, metadata: { 'x-served-by': 'Zoë', 'x-padded': ' a' } };
  await using server = await serve({ 'Greeter.Meta': () => reply });
  const { headers } = await ask(server.number, post('/greeter/Greeter.Meta', '{}'));
  expect(Buffer.from(headers['x-served-by'] ?? '', 'latin1').toString()).toBe('Zoë');
  expect([headers['x-padded'], headers['tenon-encoded']]).toEqual(['%20a', 'x-padded']);
});

test.each([
  ['a framing field in the metadata', { value: 1, metadata: { 'content-length': '0' } }, 'Internal', 500],
  ['a value that JSON cannot say', { value: { f: () => 1 }, metadata: {} }, 'Internal', 500],
  ['a value over the limit', { value: 'x'.repeat(2_000), metadata: {} }, 'ResourceExhausted', 429],
])('a reply with %s is an error that says the handler ran', async (_name, reply, code, status) => {
  await using server = await serve({ 'Greeter.Unfit': () => reply as never }, { maxMessageBytes: 1_000 });
  const answer = await ask(server.number, post('/greeter/Greeter.Unfit', '{}'));
  expect([answer.status, JSON.parse(answer.body)]).toMatchObject([status, { code, executed: 'yes' }]);
});

test('the time left becomes the deadline', async () => {
  await using server = await serve();
  const before = performance.now();
  await ask(server.number, post(hello, '{"name":"Ada"}', { 'tenon-timeout-ms': '5000' }));
  const deadline = server.received[0]?.deadline ?? 0;
  expect(deadline).toBeGreaterThanOrEqual(before + 5_000);
  expect(deadline).toBeLessThanOrEqual(performance.now() + 5_000);
});

test('a body over the limit is answered 413 while it arrives, and the connection stays usable', async () => {
  await using server = await serve({}, { maxMessageBytes: 1_000 });
  const good = post(hello, '{"name":"Ada"}', { connection: 'keep-alive' });
  const announced = post(hello, 'x'.repeat(1_001), { connection: 'keep-alive' });
  const chunk = `3e8\r\n${'x'.repeat(1_000)}\r\n`;
  const counted = `POST ${hello} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}1\r\nx\r\n0\r\n\r\n`;
  const text = await conversation(server.number, good + announced + counted + post(hello, '{"name":"Ada"}'));
  const replies = parseReplies(text);
  expect(replies.map((reply: RawReply) => reply.status)).toEqual([200, 413, 413, 200]);
  expect(JSON.parse(replies[1]?.body ?? '')).toMatchObject({ code: 'ResourceExhausted', executed: 'no' });
  expect(server.received).toHaveLength(2);
});

test('a body that is announced as too large is refused before it comes', async () => {
  await using server = await serve({}, { maxMessageBytes: 1_000 });
  const socket = connect(server.number, '127.0.0.1');
  socket.write(`POST ${hello} HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
  socket.destroy();
});

test('a call under way when the listener drains is answered, and its connection ends with that', async () => {
  let release = (): void => {};
  const held = (): Promise<{ value: string; metadata: object }> =>
    new Promise((resolve) => {
      release = () => resolve({ value: 'held', metadata: {} });
    });
  await using server = await serve({ 'Greeter.Held': held as never });
  const reply = ask(server.number, post('/greeter/Greeter.Held', '{}', { connection: 'keep-alive' }));
  await until(() => server.received.length === 1, 'the call arrived');
  const drain = server.listener.drain(new AbortController().signal);
  const refused = await ask(server.number, post(hello, '{"name":"Ada"}', { connection: 'keep-alive' }));
  expect([refused.status, refused.headers['connection'], JSON.parse(refused.body)]).toMatchObject([
    503,
    'close',
    { code: 'Unavailable', executed: 'no' },
  ]);
  release();
  expect(await reply).toMatchObject({ status: 200, body: '"held"', headers: { connection: 'close' } });
  await drain;
});

test('a body of exactly the limit is served', async () => {
  await using server = await serve({}, { maxMessageBytes: 1_000 });
  const body = JSON.stringify({ name: 'x'.repeat(1_000 - 11) });
  expect(body).toHaveLength(1_000);
  const reply = await ask(server.number, post('/greeter/Greeter.Echo', body));
  expect([reply.status, reply.body]).toEqual([200, body]);
});
