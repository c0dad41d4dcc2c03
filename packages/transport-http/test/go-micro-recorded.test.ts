import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { allOf, stream, until } from '../../../test/wire/test-call.js';
import { goChatReplies, goCountReplies, goRpcRequest, goStreamClose, goStreamStart } from './go-micro-recorded.js';
import { ask, rawServer } from './raw-peer.js';
import { streamed } from './stream-server.js';
import { mucpNode, newTransport, serve } from './test-server.js';

// Without a go-micro process: what one has said. `test/e2e/go-micro.test.ts` meets a live one where it can be built.

test("a go-micro client's stream is answered message by message, and its Close lets the handler come to its end", async () => {
  const seen: unknown[] = [];
  const chat = async function* (requests: AsyncIterable<unknown>) {
    for await (const request of requests) {
      seen.push(request);
      yield { msg: `got ${(request as { name: string }).name}` };
    }
    seen.push('end');
  };
  const answers = { 'Greeter.Chat': (call: { messages(): AsyncIterable<unknown> }) => streamed(chat(call.messages())) };
  await using server = await serve(answers, { kinds: { 'Greeter.Chat': 'bidi' } });
  const socket = connect(server.number, '127.0.0.1');
  let heard = '';
  socket.on('error', () => {}).on('data', (chunk) => (heard += chunk.toString('latin1')));
  socket.write(Buffer.from(goStreamStart, 'latin1'));
  await until(() => heard.includes('got two'), 'both replies came');
  expect(heard.match(/\{"msg":"got \w+"\}/g)).toEqual(['{"msg":"got one"}', '{"msg":"got two"}']);
  expect({ ...server.received[0]?.metadata }).toEqual({ 'x-from': 'Zoë' });
  for (const part of goStreamClose) socket.write(Buffer.from(part, 'latin1'));
  socket.end();
  await until(() => seen.length === 3, 'the handler came to its end');
  expect(seen).toEqual([{ name: 'one', to: 0 }, { name: 'two', to: 0 }, 'end']);
  expect(server.cancels).toEqual([]);
});

test("a go-micro client's call in json-rpc is answered in its envelope", async () => {
  await using server = await serve();
  const reply = await ask(server.number, goRpcRequest.replace('Host:', 'Connection: close\r\nHost:'));
  expect(reply.headers['content-type']).toBe('application/json-rpc');
  expect(reply.body).toBe('{"id":"0","result":{"msg":"Hello Go"},"error":null}\n');
});

test("a go-micro server's stream is read to the end of its connection, however its bytes are cut", async () => {
  await using peer = await rawServer((request, socket) => {
    if (!/Micro-Error: EOS\r\nConnection: close/.test(request)) return;
    for (const byte of Buffer.from(goChatReplies.join(''), 'latin1')) socket.write(Buffer.of(byte));
    socket.end();
  });
  const connection = await newTransport().dial(mucpNode(peer.number), { service: 'gogreeter' });
  const requests = (async function* () {
    yield { name: 'one', to: 0 };
    yield { name: 'two', to: 0 };
  })();
  const { messages } = await stream(connection, 'Chat', 'bidi', undefined, { messages: requests });
  const read = await allOf(messages);
  expect(read).toMatchObject([{ msg: 'got one' }, { msg: 'got two' }]);
  await connection.close();
});

test("a go-micro server's error comes behind the messages before it", async () => {
  await using peer = await rawServer((request, socket) => {
    if (/"to":2/.test(request)) for (const part of goCountReplies) socket.write(Buffer.from(part, 'latin1'));
  });
  const connection = await newTransport().dial(mucpNode(peer.number), { service: 'gogreeter' });
  const { messages } = await stream(connection, 'Count', 'server', { to: 2, name: 'fail' });
  const read: unknown[] = [];
  const reading = async () => {
    for await (const message of messages ?? []) read.push(message);
  };
  await expect(reading()).rejects.toMatchObject({ code: 'InvalidArgument', rawMessage: 'boom' });
  expect(read).toMatchObject([{ n: 1 }, { n: 2 }]);
  await connection.close();
});
