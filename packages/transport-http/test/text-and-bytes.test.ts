import { bytesCodec } from '@tenon/codec-bytes';
import { textCodec } from '@tenon/codec-text';
import type { Codec } from '@tenon/contract';
import { expect, test } from 'vitest';
import { call } from '../../../test/wire/test-call.js';
import { ask, post } from './raw-peer.js';
import { mucpNode, newCodecs, newTransport, serve, type TestServer, tenonNode } from './test-server.js';

const codecs: readonly Codec[] = [
  ...newCodecs(),
  ...[textCodec(), bytesCodec()].map(({ create }) => (create as () => Codec)()),
];
const echo = { 'Greeter.Say': (said: { decode(): unknown }) => ({ value: said.decode(), metadata: {} }) };
const web = { origin: 'https://page.example' };

test('text and bytes are bodies as they are, both ways', async () => {
  await using server = await serve(echo, { codecs });
  const said = 'Zo\xc3\xab "1"';
  for (const type of ['text/plain', 'text/plain; charset=utf-8', 'application/octet-stream']) {
    const reply = await ask(server.number, post('/greeter/Greeter.Say', said, { 'content-type': type }));
    expect([reply.status, reply.headers['content-type'], reply.body]).toEqual([200, type.split(';')[0], said]);
  }
  const none = await ask(server.number, post('/greeter/Greeter.Say', '', { 'content-type': 'text/plain' }));
  expect([none.status, none.body]).toEqual([200, '']);
});

test('what is sent in one type is answered in another where Accept says so', async () => {
  await using server = await serve(echo, { codecs });
  const headers = { 'content-type': 'text/plain', accept: 'application/json' };
  const reply = await ask(server.number, post('/greeter/Greeter.Say', 'hi', headers));
  expect([reply.headers['content-type'], reply.body]).toEqual(['application/json', '"hi"']);
});

test('an unknown type is refused with the list of those that are known', async () => {
  await using server = await serve(echo, { codecs });
  const reply = await ask(server.number, post('/greeter/Greeter.Say', '<a/>', { 'content-type': 'application/xml' }));
  expect(reply.status).toBe(415);
  expect(JSON.parse(reply.body)).toMatchObject({
    code: 'InvalidArgument',
    message: `no codec is bound for content type "application/xml"; bound are ${codecs.map(({ contentType }) => contentType).join(', ')}`,
  });
});

test('a web page may not send text, for which its browser would ask nobody, and may send what it has to ask for', async () => {
  await using server = await serve(echo, { codecs });
  const text = await ask(server.number, post('/greeter/Greeter.Say', 'hi', { 'content-type': 'text/plain', ...web }));
  expect(text.status).toBe(415);
  expect(server.received).toHaveLength(0);
  const json = await ask(
    server.number,
    post('/greeter/Greeter.Say', '"hi"', { 'content-type': 'application/json', ...web }),
  );
  expect(json.status).toBe(200);
});

test.each([
  ['a Tenon node', tenonNode],
  ['a go-micro node', mucpNode],
])('a client sends both to %s, and refuses what is neither before it is sent', async (_name, nodeAt) => {
  await using server: TestServer = await serve(echo, { codecs });
  const connection = await newTransport({}, undefined, codecs).dial(nodeAt(server.number), { service: 'greeter' });
  const inType = (contentType: string, value: unknown) => call(connection, 'Say', value, { contentType });
  expect((await inType('text/plain', 'Zoë')).value).toBe('Zoë');
  expect((await inType('text/plain', 'unsupported Content-Type: x')).value).toBe('unsupported Content-Type: x');
  expect((await inType('application/octet-stream', Buffer.from([0, 255]))).value).toEqual(Buffer.from([0, 255]));
  await expect(inType('text/plain', { a: 1 })).rejects.toMatchObject({ code: 'InvalidArgument', executed: 'no' });
  expect(server.received).toHaveLength(3);
  await connection.close();
});
