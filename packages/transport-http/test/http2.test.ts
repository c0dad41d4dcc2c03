import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { type Connection, noMetadata, type ServiceError } from '@tenon/contract';
import { systemClock } from '@tenon/contract/authoring';
import { expect, test } from 'vitest';
import { pem, pemFile, testTls } from '../../../test/tls/test-tls.js';
import { askHttp2 } from '../../../test/wire/raw-http2.js';
import { allOf, call, stream, TestCancellation, until } from '../../../test/wire/test-call.js';
import { negotiated, openSession, rawHttp2Server } from './raw-http2.js';
import { post, rawServer, textOf } from './raw-peer.js';
import { serveStreams, streamed } from './stream-server.js';
import { type Answer, mucpNode, newCodecs, newTransport, serve, tenonNode } from './test-server.js';

const tls = testTls();
const hello = '/greeter/Greeter.Hello';
const framed = 'application/vnd.tenon.stream; type="application/json"';
const end = '\x01\0\0\0\0';

test('over HTTP/1.1 there are unary calls and server streams, under TLS all kinds', () => {
  expect(newTransport().kinds).toEqual(['unary', 'server']);
  expect(newTransport({}, systemClock(), newCodecs(), tls).kinds).toEqual(['unary', 'server', 'client', 'bidi']);
});

test('ALPN chooses h2, a stranger reads a call and a stream in it, and HTTP/1.1 is answered too', async () => {
  await using server = await serveStreams({}, { tls });
  expect(await negotiated(server.number, ['h2', 'http/1.1'])).toBe('h2');
  expect(await negotiated(server.number, ['http/1.1'])).toBe('http/1.1');
  const session = await openSession(server.number);
  const reply = await askHttp2(session, hello, '{"name":"Ada"}', { 'tenon-timeout-ms': '5000', 'x-a': 'Zo\xc3\xab' });
  expect(reply).toMatchObject({ body: '{"msg":"Hello Ada"}', resetCode: 0 });
  expect(reply.headers).toMatchObject({ ':status': 200, 'content-type': 'application/json', 'content-length': '19' });
  expect({ ...server.received[0]?.metadata }).toEqual({ 'x-a': 'Zoë' });
  expect(server.received[0]?.deadline).toBeLessThan(Number.POSITIVE_INFINITY);
  const counted = await askHttp2(session, '/greeter/Greeter.Count', '{"to":2}');
  expect(counted.body).toBe('{"n":1}\n{"n":2}\n');
  const failed = await askHttp2(session, '/greeter/Greeter.Count', '{"to":1,"fail":"ours"}');
  expect(failed.body).toMatch(/^\{"n":1\}\n\n\{"error":\{"code":"NotFound"/);
  expect(failed.trailers['tenon-error']).toBe('NotFound');
  session.destroy();
  const socket = connectTls({ host: '127.0.0.1', port: server.number, ca: pem('ca'), ALPNProtocols: ['http/1.1'] });
  socket.write(post(hello, '{"name":"Ada"}'));
  expect(await textOf(socket)).toContain('{"msg":"Hello Ada"}');
});

test('curl speaks both', async () => {
  await using server = await serveStreams({}, { tls });
  const ca = pemFile('ca');
  for (const version of ['--http1.1', '--http2']) {
    const curl = (path: string, body: string) =>
      promisify(execFile)('curl', [
        ...['-sN', version, '--cacert', ca, '-w', ' %{http_version}', '--json', body],
        `https://127.0.0.1:${server.number}/greeter/${path}`,
      ]);
    const number = version === '--http2' ? '2' : '1.1';
    expect((await curl('Greeter.Hello', '{"name":"Ada"}')).stdout).toBe(`{"msg":"Hello Ada"} ${number}`);
    expect((await curl('Greeter.Nope', '{}')).stdout).toContain('"code":"Unimplemented"');
  }
});

test('an answer that comes before the request has ended is whole before anything resets its stream', async () => {
  await using server = await serveStreams({}, { tls });
  const session = await openSession(server.number);
  const asked = session.request({
    ':method': 'POST',
    ':path': hello,
    'content-type': 'application/json',
    'content-length': '99999999',
  });
  asked.on('error', () => {});
  let body = '';
  asked.setEncoding('utf8').on('data', (text: string) => {
    body += text;
  });
  await once(asked, 'end');
  // What the server had reset by now would have come ahead of the answer to this.
  await new Promise((resolve) => session.ping(resolve));
  expect([body.includes('ResourceExhausted'), asked.closed]).toEqual([true, false]);
  session.destroy();
});

test('streams of requests are length-prefixed messages, as the page has them', async () => {
  await using server = await serveStreams({}, { tls });
  const session = await openSession(server.number);
  const numbers = `\0\0\0\0\x011\0\0\0\0\x012${end}`;
  const total = await askHttp2(session, '/greeter/Greeter.Total', numbers, { 'content-type': framed });
  expect([total.headers['content-type'], total.body]).toEqual(['application/json', '3']);
  const both = { 'content-type': framed, accept: framed };
  const doubled = await askHttp2(session, '/greeter/Greeter.Double', numbers, both);
  expect([doubled.headers['content-type'], doubled.body]).toEqual([framed, `\0\0\0\0\x012\0\0\0\0\x014${end}`]);
  expect(server.received.map(({ kind }) => kind)).toEqual(['client', 'bidi']);
  session.destroy();
});

test.each([
  ['one value to a stream of requests', '/greeter/Greeter.Total', '1', {}, 415],
  ['a stream of requests to one value', hello, end, { 'content-type': framed }, 415],
  ['a path that is none', '/greeter/../x', '', {}, 400],
  ['another method', hello, '', { ':method': 'PUT' }, 405],
  ['no endpoint', '/', '', {}, 404],
  ['a type that is not bound', hello, '', { 'content-type': 'application/xml' }, 415],
  ['gRPC, which nobody claims here', hello, '', { 'content-type': 'application/grpc+proto' }, 404],
])('%s is refused with a status', async (_name, path, body, headers, status) => {
  await using server = await serveStreams({}, { tls });
  const session = await openSession(server.number);
  const reply = await askHttp2(session, path, body, headers);
  expect([reply.headers[':status'], JSON.parse(reply.body).executed]).toEqual([status, 'no']);
  expect(server.received).toHaveLength(0);
  session.destroy();
});

test.each([
  ['cut off', '\0\0\0\0\x05ab', constants.NGHTTP2_CANCEL],
  ['without an end', '\0\0\0\0\x011', constants.NGHTTP2_CANCEL],
])('requests %s cancel the call, and are no end', async (_name, body, code) => {
  await using server = await serveStreams({}, { tls });
  const session = await openSession(server.number);
  const reply = await askHttp2(session, '/greeter/Greeter.Total', body, { 'content-type': framed });
  expect(reply.resetCode).toBe(code);
  await until(() => server.cancels.length === 1, 'the handler was told');
  session.destroy();
});

test.each([
  ['of a type that there is not', '\x05\0\0\0\0', 400],
  ['over the limit', '\0\xff\xff\xff\xff', 429],
  ['that is malformed', `\0\0\0\0\x01{${end}`, 400],
])('a request %s is an error of the call', async (_name, body, status) => {
  await using server = await serveStreams({}, { tls });
  const session = await openSession(server.number);
  const reply = await askHttp2(session, '/greeter/Greeter.Total', body, { 'content-type': framed });
  expect([reply.headers[':status'], JSON.parse(reply.body).executed]).toEqual([status, 'maybe']);
  session.destroy();
});

test('a body over the limit is answered 413, and the session goes on', async () => {
  await using server = await serve({}, { tls, maxMessageBytes: 1_000 });
  const session = await openSession(server.number);
  expect((await askHttp2(session, hello, 'x'.repeat(100_000))).headers[':status']).toBe(413);
  expect((await askHttp2(session, hello, '{"name":"Ada"}')).body).toBe('{"msg":"Hello Ada"}');
  session.destroy();
});

test('the caller of a stream of requests learns that enough were read', async () => {
  let left = 0;
  const some = async function* () {
    try {
      for (let n = 0; ; n += 1) {
        yield n;
        await new Promise(setImmediate);
      }
    } finally {
      left += 1;
    }
  };
  await using server = await serveStreams(
    {
      'Greeter.Total': async (incoming) => {
        for await (const n of incoming.messages()) if (n === 3) break;
        await until(() => left === 1, 'the caller was told');
        return { value: 'enough', metadata: noMetadata };
      },
      'Greeter.Double': (incoming) => ({
        value: undefined,
        metadata: noMetadata,
        messages: (async function* () {
          yield 'first';
          for await (const n of incoming.messages()) if (n === 3) break;
          await until(() => left === 2, 'the caller was told');
          yield 'last';
        })(),
      }),
    },
    { tls },
  );
  const connection = await dial(server.number);
  expect((await stream(connection, 'Total', 'client', undefined, { messages: some() })).value).toBe('enough');
  const { messages } = await stream(connection, 'Double', 'bidi', undefined, { messages: some() });
  expect(await allOf(messages)).toEqual(['first', 'last']);
  await connection.close();
});

test('64 streams that nobody reads hold their producers back, and not the 36 others of their session', async () => {
  const made = Array.from({ length: 64 }, () => 0);
  const stuck: Answer = (incoming) => {
    const which = incoming.decode() as number;
    return streamed(
      (async function* () {
        for (;;) {
          made[which] = (made[which] ?? 0) + 1;
          yield 'x'.repeat(10_000);
        }
      })(),
    );
  };
  const kinds = { 'Greeter.Stuck': 'server' } as const;
  await using server = await serveStreams({ 'Greeter.Stuck': stuck }, { tls, kinds });
  const connection = await dial(server.number);
  const unread = await Promise.all(made.map((_, which) => stream(connection, 'Stuck', 'server', which)));
  const others = Array.from({ length: 36 }, async () => {
    const { messages } = await stream(connection, 'Count', 'server', { to: 5_000 });
    return (await allOf(messages)).length;
  });
  expect(new Set(await Promise.all(others))).toEqual(new Set([5_000]));
  expect(Math.max(...made)).toBeLessThan(100);
  for (const { messages } of unread) await messages?.[Symbol.asyncIterator]().return?.();
  await until(() => server.cancels.length === 64, 'all producers were told');
  await connection.close();
});

test('cancelling a stream resets it, and nothing else of its session', async () => {
  await using server = await serveStreams({ 'Greeter.Total': (_incoming, cancelled) => cancelled }, { tls });
  const connection = await dial(server.number);
  const held = call(connection, 'Hold', 1).catch(() => {});
  const cancellation = new TestCancellation();
  const open = async function* () {
    yield 1;
    await new Promise(() => {});
  };
  const total = stream(connection, 'Total', 'client', undefined, { messages: open(), cancellation });
  const outcome = total.catch((error: ServiceError) => error);
  await until(() => server.received.length === 2, 'both calls arrived');
  cancellation.cancel();
  expect(await outcome).toMatchObject({ code: 'Canceled', executed: 'maybe' });
  await until(() => server.cancels.length === 1, 'the handler was told');
  expect((await call(connection, 'Echo', 1)).value).toBe(1);
  expect(server.cancels).toHaveLength(1);
  await connection.close();
  await held;
});

test('who a peer has proved to be is told with its call, over both versions', async () => {
  const mutual = { mutual: true };
  const named = { material: { ca: pem('ca'), cert: pem('greeter'), key: pem('greeter-key') } };
  await using server = await serve({}, { tls: testTls(mutual) });
  const transport = newTransport({}, systemClock(), newCodecs(), testTls(named));
  for (const node of [tenonNode(server.number), mucpNode(server.number)]) {
    const connection = await transport.dial(node, { service: 'greeter' });
    await call(connection, 'Hello', { name: 'Ada' });
    await connection.close();
  }
  expect(server.received.map(({ peer }) => peer.identity)).toEqual(['spiffe://acme/greeter', 'spiffe://acme/greeter']);
});

test.each([
  ['another host', { cert: pem('elsewhere'), key: pem('elsewhere-key') }, /another host/],
  ['an authority that is not trusted', { cert: pem('stranger'), key: pem('stranger-key') }, /not trusted/],
])('a server with a certificate of %s is not called', async (_name, material, why) => {
  await using server = await serve({}, { tls: testTls({ material: { ca: pem('ca'), ...material } }) });
  for (const node of [tenonNode(server.number), mucpNode(server.number)]) {
    const connection = await newTransport({}, systemClock(), newCodecs(), tls).dial(node, { service: 'greeter' });
    const error = await call(connection, 'Hello', 1).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'Unavailable', executed: 'no', rawMessage: expect.stringMatching(why) });
    await connection.close();
  }
  expect(server.received).toHaveLength(0);
});

test('nothing is sent in the clear where TLS is bound, and nothing accepted', async () => {
  await using peer = await rawServer((_request, socket) =>
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
  );
  const secure = await dial(peer.number, { connectTimeoutMs: 300 });
  await expect(call(secure, 'Hello', 1)).rejects.toMatchObject({ code: 'Unavailable', executed: 'no' });
  expect(peer.heard.join('')).not.toContain('POST');
  await secure.close();
  await using server = await serve({}, { tls });
  const clear = await newTransport().dial(server.node, { service: 'greeter' });
  await expect(call(clear, 'Hello', 1)).rejects.toMatchObject({ executed: expect.stringMatching(/no|maybe/) });
  expect(server.received).toHaveLength(0);
  await clear.close();
});

test('a peer that speaks HTTP/1.1 alone under TLS is not called, and says why', async () => {
  await using server = await rawHttp2Server(() => {});
  const connection = await newTransport({}, systemClock(), newCodecs(), tls).dial(mucpNode(server.number), {
    service: 'greeter',
  });
  await expect(call(connection, 'Hello', 1)).rejects.toMatchObject({ code: 'Unavailable', executed: 'no' });
  await connection.close();
});

function dial(number: number, options: Parameters<typeof newTransport>[0] = {}): Promise<Connection> {
  return newTransport(options, systemClock(), newCodecs(), tls).dial(tenonNode(number), { service: 'greeter' });
}
