import { jsonCodec } from '@tenon/codec-json';
import type { Codec, Reply } from '@tenon/contract';
import { expect, test } from 'vitest';
import { testTls } from '../../../test/tls/test-tls.js';
import { allOf, stream } from '../../../test/wire/test-call.js';
import { answer, serveMucp } from './mucp-peer.js';
import { rawServer } from './raw-peer.js';
import { mucpNode, newTransport } from './test-server.js';

// What a Tenon client says in the streams of go-micro's, and makes of what it hears.

test('writes what go-micro reads: an opening request, messages with the same number, EOS', async () => {
  await using peer = await rawServer((request, socket) => {
    if (/Micro-Error: EOS/.test(request)) socket.write(answer('Micro-Error: EOS\r\nX-Micro-Error: EOS', ''));
    else if (/"name"/.test(request)) socket.write(answer('Micro-Stream: 0', '{"msg":"hi"}'));
  });
  const connection = await newTransport().dial(mucpNode(peer.number), { service: 'greeter' });
  const requests = (async function* () {
    yield { name: 'one' };
  })();
  const reply = await stream(connection, 'Chat', 'bidi', undefined, {
    messages: requests,
    metadata: { 'x-a': 'Zoë' },
    timeoutMs: 5_000,
  });
  expect(await allIn(reply)).toEqual([{ msg: 'hi' }]);
  const [opening = '', message = '', end = ''] = (peer.heard[0] ?? '').split(/(?=POST )/);
  for (const part of [opening, message, end]) {
    expect(part).toContain('Micro-Service: greeter\r\nMicro-Endpoint: Greeter.Chat\r\nMicro-Method: Greeter.Chat\r\n');
    expect(part).toContain('Micro-Id: 0\r\nMicro-Stream: 0\r\n');
  }
  expect(opening).toMatch(/Timeout: \d{10}\r\n/);
  expect(Buffer.from(opening, 'latin1').toString()).toContain('x-a: Zoë\r\n');
  expect(opening.endsWith('\r\n\r\n{}')).toBe(true);
  expect(message).not.toContain('Timeout');
  expect(message.endsWith('\r\n\r\n{"name":"one"}')).toBe(true);
  expect(end).toContain('Micro-Error: EOS\r\nConnection: close\r\nContent-Length: 0\r\n');
  await connection.close();
});

test.each([
  [
    'an error',
    answer('Micro-Error: {"id":"greeter","code":400,"detail":"boom"}', ''),
    { code: 'InvalidArgument', rawMessage: 'boom' },
  ],
  ['a plain error', answer('Micro-Error: boom', ''), { code: 'Unknown', rawMessage: 'boom' }],
  ['another status', 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n', { code: 'Unavailable' }],
  ['no HTTP', 'HELLO\r\n\r\n', { code: 'Internal' }],
  ['a giant reply', 'HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n', { code: 'ResourceExhausted' }],
  [
    'a type that it does not know',
    answer('', 'x').replace('application/json', 'application/xml'),
    { code: 'Internal', executed: 'yes' },
  ],
])('reads %s as one', async (_name, bytes, expected) => {
  await using peer = await rawServer((_request, socket) => socket.write(bytes));
  const connection = await newTransport().dial(mucpNode(peer.number), { service: 'greeter' });
  const reply = stream(connection, 'Count', 'server', { to: 1 }).then(allIn);
  await expect(reply).rejects.toMatchObject(expected);
  await connection.close();
});

test('takes a connection that ends without EOS for one that was cut off', async () => {
  await using peer = await rawServer((request, socket) => {
    if (/"to"/.test(request)) socket.end(answer('', '{"n":1}'));
  });
  const connection = await newTransport().dial(mucpNode(peer.number), { service: 'greeter' });
  const reply = await stream(connection, 'Count', 'server', { to: 1 });
  await expect(allIn(reply)).rejects.toMatchObject({ code: 'Unavailable', executed: 'maybe' });
  await connection.close();
});

test.each([
  ['after its own end, as go-micro does', '{"msg":"hi"}', true],
  ['amidst a message', '{"msg":', false],
])('takes a connection that ends %s for the end: %s', async (_name, body, isEnd) => {
  const whole = answer('Micro-Stream: 0', '{"msg":"hi"}');
  await using peer = await rawServer((request, socket) => {
    if (/Micro-Error: EOS\r\nConnection: close\r\n/.test(request)) {
      socket.end(isEnd ? whole : whole.replace('{"msg":"hi"}', body));
    }
  });
  const connection = await newTransport().dial(mucpNode(peer.number), { service: 'greeter' });
  const requests = (async function* () {
    yield { name: 'one' };
  })();
  const read = stream(connection, 'Chat', 'bidi', undefined, { messages: requests }).then(allIn);
  if (isEnd) expect(await read).toEqual([{ msg: 'hi' }]);
  else await expect(read).rejects.toMatchObject({ code: 'Unavailable', executed: 'maybe' });
  await connection.close();
});

test('asks for a stream of a Tenon server in an envelope, where the node does not say its protocol', async () => {
  await using server = await serveMucp({}, {}, [(jsonCodec().create as () => Codec)()]);
  const node = { ...mucpNode(server.number), metadata: { server: 'rpc', transport: 'http' } };
  const connection = await newTransport().dial(node, { service: 'greeter' });
  expect(await allIn(await stream(connection, 'Count', 'server', { to: 2 }))).toEqual([{ n: 1 }, { n: 2 }]);
  expect(server.received[0]?.contentType).toBe('application/json-rpc');
  await connection.close();
});

test('carries streams under TLS too, where both sides have it', async () => {
  const tls = testTls();
  await using server = await serveMucp({}, {}, undefined, tls);
  const connection = await newTransport({}, undefined, undefined, tls).dial(mucpNode(server.number), {
    service: 'greeter',
  });
  const requests = (async function* () {
    yield { name: 'one' };
    yield { name: 'two' };
  })();
  const reply = await stream(connection, 'Chat', 'bidi', undefined, { messages: requests });
  expect(await allIn(reply)).toEqual([{ msg: 'got one' }, { msg: 'got two' }]);
  await connection.close();
});

function allIn({ messages }: Reply): Promise<readonly unknown[]> {
  return allOf(messages);
}
