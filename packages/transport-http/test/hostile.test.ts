import { once } from 'node:events';
import { connect } from 'node:net';
import { ServiceError } from '@tenon/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { call, until } from '../../../test/wire/test-call.js';
import { ask, conversation, parseReplies, post, textOf } from './raw-peer.js';
import { mucpNode, newTransport, serve } from './test-server.js';

const hello = '/greeter/Greeter.Hello';

test.each([
  '//greeter/Greeter.Hello',
  '/greeter//Greeter.Hello',
  '/greeter/Greeter.Hello/',
  '/greeter/../greeter/Greeter.Hello',
  '/./Greeter.Hello',
  '/greeter/..',
  '/greeter%2fGreeter.Hello',
  '/greeter%2FGreeter.Hello/x',
  '/greeter/Greeter%2fHello',
  '/greeter/Greeter%252eHello',
  '/greeter/%2e%2e',
  '/greeter/Greeter.Hello;v=1',
  '/greeter;a/Greeter.Hello',
  '/greeter/Greeter.Hello?x=1',
  '/greeter/Greeter.Hello#x',
  '/greeter/Greeter.Hello%00',
  '/greeter/Greeter.Hello%0d%0ax:y',
  '/greeter/Greeter%C0%AEHello',
  '/greeter/Greeter.Hello%',
  '/greeter/Greeter.Hello%2',
  '/greeter/Greeter.Hello%zz',
  '/greeter\\Greeter.Hello/x',
  '/greeter/%5cGreeter.Hello',
  '/greeter/Greeter Hello'.replace(' ', '%20'),
  'http://127.0.0.1/greeter/Greeter.Hello',
  `/greeter/${'x'.repeat(257)}`,
])('path %s never reaches the handler and is refused as malformed', async (path) => {
  await using server = await serve();
  const reply = await ask(server.number, post(path, '{"name":"Ada"}'));
  expect([reply.status, JSON.parse(reply.body)]).toMatchObject([400, { code: 'InvalidArgument', executed: 'no' }]);
  expect(server.received).toHaveLength(0);
});

test('percent-encoding is undone exactly once, so that a name has one spelling', async () => {
  await using server = await serve();
  const reply = await ask(server.number, post('/%67reeter/Greeter%2EHello', '{"name":"Ada"}'));
  expect(reply.status).toBe(200);
  expect(server.received[0]).toMatchObject({ service: 'greeter', endpoint: 'Greeter.Hello' });
  const other = await ask(server.number, post('/greeter/greeter.hello', '{"name":"Ada"}'));
  expect([other.status, server.received[1]?.endpoint]).toEqual([501, 'greeter.hello']);
});

test('a request cut off at any byte never reaches the handler, and the server goes on', async () => {
  await using server = await serve();
  const request = post(hello, '{"name":"Ada"}', { 'content-type': 'application/json' });
  for (let length = 0; length < request.length; length += 1) {
    const socket = connect(server.number, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(request.slice(0, length));
    socket.end();
    await textOf(socket);
  }
  expect(server.received).toHaveLength(0);
  expect((await ask(server.number, request)).status).toBe(200);
});

test('a request that arrives byte by byte is served', async () => {
  await using server = await serve();
  const socket = connect(server.number, '127.0.0.1').setNoDelay(true);
  for (const byte of post(hello, '{"name":"Ada"}')) {
    if (!socket.write(byte)) await once(socket, 'drain');
    await new Promise(setImmediate);
  }
  const [reply] = parseReplies(await textOf(socket));
  expect(reply?.body).toBe('{"msg":"Hello Ada"}');
});

test('malformed JSON and msgpack, and nesting without end, are refused by the codec', async () => {
  await using server = await serve();
  const bodies: readonly (readonly [string, string])[] = [
    ['application/json', '{"name":'],
    ['application/json', '[1] x'],
    ['application/json', `${'['.repeat(100_000)}`],
    ['application/msgpack', '\xc1'],
    ['application/msgpack', ''],
    ['application/msgpack', '\x91'.repeat(10_000)],
  ];
  for (const [type, body] of bodies) {
    const reply = await ask(server.number, post('/greeter/Greeter.Echo', body, { 'content-type': type }));
    expect([reply.status, JSON.parse(reply.body)]).toMatchObject([400, { code: 'InvalidArgument', executed: 'no' }]);
  }
});

test('pipelined calls are each answered, in order', async () => {
  await using server = await serve();
  const requests = Array.from({ length: 20 }, (_, index) =>
    post('/greeter/Greeter.Echo', `{"n":${index}}`, { connection: index === 19 ? 'close' : 'keep-alive' }),
  );
  const replies = parseReplies(await conversation(server.number, requests.join('')));
  expect(replies.map((reply) => JSON.parse(reply.body).n)).toEqual(requests.map((_, index) => index));
});

test('a caller that hangs up cancels its call, once', async () => {
  await using server = await serve();
  const socket = connect(server.number, '127.0.0.1');
  socket.write(post('/greeter/Greeter.Hold', '{}'));
  await until(() => server.received.length === 1, 'the call arrived');
  socket.destroy();
  await until(() => server.cancels.length > 0, 'the handler was told');
  await server.listener.close();
  expect(server.cancels).toMatchObject([{ code: 'Canceled' }]);
});

test('a body that never ends is read no further than twice the limit', async () => {
  await using server = await serve({}, { maxMessageBytes: 1_000 });
  const socket = connect(server.number, '127.0.0.1');
  socket.on('error', () => {});
  const text = textOf(socket);
  socket.write(`POST ${hello} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`);
  const chunk = `ffff\r\n${'x'.repeat(65_535)}\r\n`;
  while (!socket.closed) {
    if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {});
  }
  expect((await text).startsWith('HTTP/1.1 413')).toBe(true);
  expect(server.received).toHaveLength(0);
});

test('no value of metadata splits a header or gets lost on its way, in either direction', async () => {
  await using server = await serve();
  const connection = await newTransport().dial(server.node, { service: 'greeter' });
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.constant('a\r\nx-evil: 1'));
  await fc.assert(
    fc.asyncProperty(value, async (text) => {
      const reply = await call(connection, 'Echo', 1, { metadata: { 'x-value': text } }).catch((e: ServiceError) => e);
      if (reply instanceof ServiceError) expect(reply).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
      else expect({ ...reply.metadata }).toEqual({ 'x-value': text });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not pass
      expect(reply instanceof ServiceError).toBe(/[\u0000-\u0008\u000a-\u001f\u007f]/.test(text));
    }),
    { numRuns: 2_000 },
  );
  await connection.close();
}, 60_000);

test.each([
  'content-length',
  'Transfer-Encoding',
  'host',
  'connection',
  'micro-endpoint',
  'timeout',
  'tenon-timeout-ms',
])('metadata named %s is refused before it is sent', async (key) => {
  await using server = await serve();
  const connection = await newTransport().dial(server.node, { service: 'greeter' });
  const error = await call(connection, 'Echo', 1, { metadata: { [key]: '1' } }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
  await connection.close();
  expect(server.received).toHaveLength(0);
});

test.each(['application/json;\r\nx-evil: 1', 'application/json; a=\u00e9', `application/json;${'x'.repeat(300)}`])(
  'a content type like %j is refused before it is sent, whatever its parameters',
  async (contentType) => {
    await using server = await serve();
    const connection = await newTransport().dial(server.node, { service: 'greeter' });
    const error = await call(connection, 'Echo', 1, { contentType }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
    await connection.close();
    expect(server.received).toHaveLength(0);
  },
);

test('a name with a line break is refused before it is sent, in both dialects', async () => {
  await using server = await serve();
  for (const node of [server.node, mucpNode(server.number)]) {
    const connection = await newTransport().dial(node, { service: 'greeter' });
    const error = await call(connection, 'Echo\r\nx-evil: 1', 1).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
    await connection.close();
  }
  expect(server.received).toHaveLength(0);
});
