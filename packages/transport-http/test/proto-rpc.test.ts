import { bytesCodec } from '@tenon/codec-bytes';
import type { Codec } from '@tenon/contract';
import { expect, test } from 'vitest';
import { call } from '../../../test/wire/test-call.js';
import { conversation, rawServer } from './raw-peer.js';
import { mucpNode, newCodecs, newTransport, serve } from './test-server.js';

const bytes = (bytesCodec().create as () => Codec)();
/** Messages of protobuf as they are: what stands in them is the codec's. */
const protobuf: Codec = { ...bytes, contentType: 'application/protobuf', aliases: [], open: () => bytes.open() };
/** A codec that writes an envelope of its own, as there is one for other wires: here it would stand there twice. */
const whole: Codec = { ...protobuf, contentType: 'application/proto-rpc', open: () => bytes.open() };
const twice = (): never => {
  throw new Error("the envelope is this dialect's");
};
const neverAsked: Codec = { ...whole, open: () => ({ encoder: () => twice, decoder: () => twice }) };
const message = Buffer.from('0a026869', 'hex');
const request = Buffer.from('000000170a0c477265657465722e4563686f110600000000000000000000040a026869', 'hex');
const reply = Buffer.from('00000009110600000000000000000000040a026869', 'hex');

test.each([
  ['with the fields that route it', 'Micro-Endpoint: Greeter.Echo\r\nMicro-Id: 6\r\n'],
  ['with nothing but its envelope', 'Micro-Target: greeter\r\n'],
])("go-micro's recorded request in proto-rpc is answered in its recorded bytes, %s", async (_name, fields) => {
  await using server = await serve({}, { codecs: [...newCodecs(), neverAsked, protobuf] });
  const head = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/proto-rpc\r\n${fields}`;
  const text = await conversation(
    server.number,
    `${head}Content-Length: ${request.length}\r\n\r\n${request.toString('latin1')}`,
  );
  expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toBe(reply.toString('latin1'));
  expect(server.received[0]).toMatchObject({ endpoint: 'Greeter.Echo' });
});

test('a client puts the message into the same envelope, and takes the reply out of it', async () => {
  await using peer = await rawServer((_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/proto-rpc\r\nContent-Length: 21\r\n\r\n');
    socket.write(reply);
  });
  const connection = await newTransport({}, undefined, [...newCodecs(), neverAsked, protobuf]).dial(
    mucpNode(peer.number),
    {
      service: 'greeter',
    },
  );
  const { value } = await call(connection, 'Echo', message, { contentType: 'application/proto-rpc' });
  expect(value).toEqual(message);
  const [sent = ''] = peer.heard;
  const body = Buffer.from(sent.slice(sent.indexOf('\r\n\r\n') + 4), 'latin1');
  // The first call of a client has the number 0, which protobuf leaves out.
  expect(body.toString('hex')).toBe('0000000e0a0c477265657465722e4563686f000000040a026869');
  await connection.close();
});

test('a codec that is bound for the whole type is not put into an envelope', async () => {
  await using server = await serve({}, { codecs: [...newCodecs(), whole] });
  const body = 'whatever it is';
  const text = await conversation(
    server.number,
    `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/proto-rpc\r\nMicro-Endpoint: Greeter.Echo\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  expect(text.endsWith(`\r\n\r\n${body}`)).toBe(true);
});
