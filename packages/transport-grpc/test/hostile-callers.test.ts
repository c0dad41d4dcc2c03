import { type ClientHttp2Session, constants } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../../test/wire/test-call.js';
import { ask, framed, openSession } from './raw-http2.js';
import { type Answer, serve, type TestServer, type TestServerOptions } from './test-server.js';

const hello = '/greeter.Greeter/Hello';
const ada = framed('{"name":"Ada"}');
let opened: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0)) await close();
  opened = [];
});

async function started(
  answers: Readonly<Record<string, Answer>> = {},
  options: TestServerOptions = {},
): Promise<{ readonly server: TestServer; readonly session: ClientHttp2Session }> {
  const server = await serve(answers, options);
  const session = await openSession(server.number);
  opened.push(async () => {
    session.destroy();
    await server[Symbol.asyncDispose]();
  });
  return { server, session };
}

/** Everything else of the session still works, and nothing reached the handler but this. */
async function goesOn(session: ClientHttp2Session, server: TestServer, reached = 0): Promise<void> {
  expect(server.received).toHaveLength(reached);
  expect((await ask(session, hello, ada)).body).toBe(framed('{"msg":"Hello Ada"}').toString('latin1'));
}

test('what the handler hears is what was sent, and the answer ends with its status', async () => {
  const { server, session } = await started();
  const reply = await ask(session, hello, ada, { 'grpc-timeout': '5S' });
  expect(reply.headers).toMatchObject({
    ':status': 200,
    'content-type': 'application/grpc+json',
  });
  expect(reply.trailers['grpc-status']).toBe('0');
  expect(reply.body).toBe(framed('{"msg":"Hello Ada"}').toString('latin1'));
  expect(server.received[0]).toMatchObject({ service: 'greeter', endpoint: 'Greeter.Hello', kind: undefined });
});

describe('a request is refused, and no other, for', () => {
  test.each<[string, Buffer | string, Record<string, string>, string, RegExp]>([
    ['a length over the limit', Buffer.from([0, 255, 255, 255, 255]), {}, '8', /over the limit/],
    ['a length one over the limit', framed('x'.repeat(1_001)), {}, '8', /1001 bytes is over the limit of 1000/],
    ['a first byte that is reserved', framed('{}', 2), {}, '13', /gRPC knows 0 and 1 only/],
    ['a message that is cut short', ada.subarray(0, 8), {}, '3', /middle of a message/],
    ['a head that is cut short', ada.subarray(0, 3), {}, '3', /middle of a message/],
    ['no message', '', {}, '12', /one request, and none came/],
    ['two messages', Buffer.concat([ada, ada]), {}, '12', /more than one message/],
    ['bytes that are not JSON', framed('{'), {}, '3', /./],
    ['a compressed message without an encoding', framed(gzipSync('{}'), 1), {}, '13', /does not say how/],
    ['a message that is not gzip', framed('{}', 1), { 'grpc-encoding': 'gzip' }, '13', /not gzip/],
    [
      'gzip that is cut short',
      framed(gzipSync('{"name":"Ada"}').subarray(0, 20), 1),
      { 'grpc-encoding': 'gzip' },
      '13',
      /not gzip/,
    ],
    ['a bomb', framed(gzipSync(Buffer.alloc(900_000)), 1), { 'grpc-encoding': 'gzip' }, '8', /inflates to more/],
    ['two layers of gzip', framed(gzipSync(gzipSync('{"name":"Ada"}')), 1), { 'grpc-encoding': 'gzip' }, '3', /./],
    ['an encoding that nobody knows', ada, { 'grpc-encoding': 'br' }, '12', /identity,deflate,gzip/],
    ['a codec that nobody has', ada, { 'content-type': 'application/grpc+xml' }, '12', /application\/grpc\+json/],
    ['a time that is none', ada, { 'grpc-timeout': '5' }, '3', /grpc-timeout/],
    ['a time of nine digits', ada, { 'grpc-timeout': '123456789m' }, '3', /grpc-timeout/],
    ['bytes in metadata that are not base64', ada, { 'x-bin': '***' }, '3', /x-bin/],
    [
      'more metadata than there may be',
      ada,
      Object.fromEntries(Array.from({ length: 70 }, (_, n) => [`x-${n}`, 'v'])),
      '8',
      /metadata/,
    ],
  ])('%s', async (_what, body, headers, status, message) => {
    const { server, session } = await started({}, { maxMessageBytes: 1_000 });
    const reply = await ask(session, hello, body, headers);
    expect([reply.status, reply.headers[':status']]).toEqual([status, 200]);
    expect(reply.message).toMatch(message);
    expect(reply.headers['grpc-accept-encoding'] ?? 'identity,deflate,gzip').toBe('identity,deflate,gzip');
    const decoded = _what === 'bytes that are not JSON' || _what === 'two layers of gzip';
    await goesOn(session, server, decoded ? 1 : 0);
  });

  test.each([
    ['no slash at all', '/greeter.Greeter'],
    ['two slashes', '//greeter.Greeter/Hello'],
    ['a slash at the end', '/greeter.Greeter/Hello/'],
    ['an escaped slash', '/greeter.Greeter%2fHello'],
    ['an escaped letter', '/greeter.Greeter/H%65llo'],
    ['a query', '/greeter.Greeter/Hello?x=1'],
    ['a parameter', '/greeter.Greeter/Hello;x'],
    ['another case', '/Greeter.greeter/hello'],
    ['a dot at the end', '/greeter./Hello'],
    ['a step up', '/x/../greeter.Greeter/Hello'],
    ['a prototype', '/greeter.__proto__/constructor'],
  ])('a path with %s', async (_what, path) => {
    const { server, session } = await started();
    const reply = await ask(session, path, ada);
    expect(reply.status).toBe('12');
    expect(server.received.every(({ endpoint }) => endpoint !== 'Greeter.Hello')).toBe(true);
  });

  test.each([
    ['a method that is not POST', { ':method': 'PUT' }, 405],
    ['gRPC-Web, which is another protocol', { 'content-type': 'application/grpc-web+proto' }, 415],
  ])('%s', async (_what, headers, status) => {
    const { server, session } = await started();
    expect((await ask(session, hello, '', headers)).headers[':status']).toBe(status);
    await goesOn(session, server);
  });
});

test('a message over the limit is refused before its body has come, and what follows is dropped', async () => {
  const { server, session } = await started();
  const head = Buffer.alloc(5);
  head.writeUInt32BE(4 * 1_024 * 1_024 + 1, 1);
  const reply = await ask(session, hello, Buffer.concat([head, Buffer.alloc(1_000_000)]), {}, false);
  expect(reply.status).toBe('8');
  expect(reply.resetCode).toBe(constants.NGHTTP2_NO_ERROR);
  await goesOn(session, server);
});

test.each([
  ['a reserved first byte', framed('1', 9), 'Internal'],
  ['a length over the limit', Buffer.from([0, 127, 255, 255, 255]), 'ResourceExhausted'],
  ['an end in its middle', framed('1').subarray(0, 5), 'InvalidArgument'],
  ['what is not JSON', framed('{'), 'InvalidArgument'],
])('of a stream, a message with %s is told to its handler and ends the call', async (_what, bad, code) => {
  const seen: unknown[] = [];
  const total: Answer = async (call) => {
    for await (const n of call.messages()) seen.push(n);
    return { value: seen.length, metadata: {} };
  };
  const { session } = await started({ 'Greeter.Total': total });
  const reply = await ask(session, '/greeter.Greeter/Total', Buffer.concat([framed('1'), framed('2'), bad]));
  expect(reply.status).not.toBe('0');
  expect(seen).toEqual([1, 2]);
  expect(reply.status).toBe({ Internal: '13', ResourceExhausted: '8', InvalidArgument: '3' }[code]);
  expect((await ask(session, hello, ada)).status).toBe('0');
});

test('a message that comes byte by byte is read in linear time and whole', async () => {
  const { session } = await started();
  const text = 'x'.repeat(20_000);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/greeter.Greeter/Echo',
    'content-type': 'application/grpc+json',
  });
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (const byte of framed(JSON.stringify(text))) stream.write(Buffer.from([byte]));
  stream.end();
  await new Promise((resolve) => stream.on('close', resolve));
  expect(Buffer.concat(chunks).length).toBe(text.length + 2 + 5);
});

test('100,000 messages in one piece reach their handler, and others are served meanwhile', async () => {
  const { session } = await started();
  const many = ask(
    session,
    '/greeter.Greeter/Total',
    Buffer.concat(Array.from({ length: 100_000 }, () => framed('1'))),
  );
  expect((await ask(session, hello, ada)).status).toBe('0');
  expect((await many).body).toContain('{"total":100000}');
});

test('resets right after their requests end the connection at a rate, and other connections go on', async () => {
  const { server, session } = await started();
  const other = await openSession(server.number);
  opened.push(async () => other.destroy());
  let resets = 0;
  for (; resets < 5_000 && !session.destroyed && !session.closed; resets += 1) {
    const stream = session.request({ ':method': 'POST', ':path': hello, 'content-type': 'application/grpc+json' });
    stream.on('error', () => {});
    stream.close(constants.NGHTTP2_CANCEL);
    if (resets % 50 === 0) await new Promise(setImmediate);
  }
  await until(() => session.destroyed, 'the connection was ended');
  expect(resets).toBeLessThan(5_000);
  expect((await ask(other, hello, ada)).status).toBe('0');
});

test('calls beyond what a connection may have wait for their turn, and all are answered', async () => {
  let underWay = 0;
  let most = 0;
  const slow: Answer = async () => {
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise((resolve) => setTimeout(resolve, 5));
    underWay -= 1;
    return { value: 1, metadata: {} };
  };
  const { session } = await started({ 'Greeter.Hold': slow }, { maxStreams: 5 });
  const replies = await Promise.all(
    Array.from({ length: 40 }, () => ask(session, '/greeter.Greeter/Hold', framed('1'))),
  );
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set(['0']));
  expect(most).toBe(5);
});

test('decoded data that looks like a promise is never awaited', async () => {
  const { session } = await started();
  const reply = await ask(session, '/greeter.Greeter/Echo', framed('{"then":"x","__proto__":{"polluted":true}}'));
  expect(reply.body).toContain('"then":"x"');
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});
