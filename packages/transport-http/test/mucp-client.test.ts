import type { Socket } from 'node:net';
import { noMetadata, type Reply } from '@tenon/contract';
import { expect, test } from 'vitest';
import { call } from '../../../test/wire/test-call.js';
import { goErrorReply, goReply, goUnsupported } from './golden.js';
import { rawServer } from './raw-peer.js';
import { mucpNode, newTransport, serve } from './test-server.js';

const helloA1 = { value: { msg: 'Hello A1' }, metadata: noMetadata };

test("a request has what go-micro's own has, byte for byte where it means something", async () => {
  await using peer = await rawServer((_request, socket) => socket.write(goReply));
  await callMucp(peer.number, [{ name: 'A0' }, { name: 'A1' }], { metadata: { 'x-request-id': 'abc' } });
  const lines = (peer.heard[0] ?? '').split('\r\n');
  for (const line of [
    'POST / HTTP/1.1',
    'Content-Length: 13',
    'Accept: application/json',
    'Content-Type: application/json',
    'Micro-Endpoint: Greeter.Hello',
    'Micro-Id: 0',
    'Micro-Id: 1',
    'Micro-Method: Greeter.Hello',
    'Micro-Service: greeter',
    'x-request-id: abc',
  ]) {
    expect(lines).toContain(line);
  }
  expect(peer.heard[0]).toContain('\r\n\r\n{"name":"A0"}');
  expect(peer.heard[0]).not.toMatch(/transfer-encoding|tenon-/i);
  const timeout = BigInt(/\r\nTimeout: (\d+)\r\n/.exec(peer.heard[0] ?? '')?.[1] ?? 0);
  expect(timeout).toBeLessThanOrEqual(5_000_000_000n);
  expect(timeout).toBeGreaterThan(4_000_000_000n);
});

test("go-micro's recorded reply is read, its echoes are no metadata, and the connection is used again", async () => {
  await using peer = await rawServer((_request, socket) => socket.write(goReply));
  expect(await callMucp(peer.number, [1, 2, 3])).toEqual([helloA1, helloA1, helloA1]);
  expect(peer.heard).toHaveLength(1);
});

test('a connection never has two calls on it: the second call takes another', async () => {
  const waiting: Socket[] = [];
  await using peer = await rawServer((_request, socket) => {
    if (waiting.push(socket) === 2) for (const each of waiting) each.write(goReply);
  });
  const connection = await newTransport().dial(mucpNode(peer.number), { service: 'greeter' });
  const replies = await Promise.all([call(connection, 'Hello', 1), call(connection, 'Hello', 2)]);
  expect(replies).toEqual([helloA1, helloA1]);
  expect(new Set(waiting).size).toBe(2);
  await connection.close();
});

test.each([
  ['the recorded error', goErrorReply, { code: 'NotFound', rawMessage: 'no such x', details: { id: 'greeter' } }],
  ['a plain Go error', reply('Micro-Error: plain failure'), { code: 'Unknown', rawMessage: 'plain failure' }],
  ["version 0's field alone", reply('X-Micro-Error: plain'), { code: 'Unknown', rawMessage: 'plain' }],
  [
    "the router's refusal",
    reply("Micro-Error: rpc: can't find method Nope"),
    { code: 'Unimplemented', rawMessage: "rpc: can't find method Nope", executed: 'no' },
  ],
  [
    'an error in UTF-8, as Go writes it',
    reply(`Micro-Error: ${Buffer.from('{"code":503,"detail":"Zoë"}').toString('latin1')}`),
    { code: 'Unavailable', rawMessage: 'Zoë', executed: 'maybe' },
  ],
  ['JSON that is no error', reply('Micro-Error: [1]'), { code: 'Unknown', rawMessage: '[1]' }],
  ['a code that is none', reply('Micro-Error: {"code":"x","detail":"y"}'), { code: 'Unknown', rawMessage: 'y' }],
  ["go-micro's refusal of a type", goUnsupported, { code: 'InvalidArgument', executed: 'no' }],
  ['another status', 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno', { code: 'Unavailable' }],
  ['no type', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}', { code: 'Internal', executed: 'yes' }],
  ['a body that is no JSON', reply('X: 1', '{'), { code: 'Internal', executed: 'yes' }],
])('%s is read as an error', async (_name, bytes, expected) => {
  await using peer = await rawServer((_request, socket) => socket.write(Buffer.from(bytes, 'latin1')));
  await expect(callMucp(peer.number, [1])).rejects.toMatchObject(expected);
});

test('a large Micro-Error is read', async () => {
  const detail = 'x'.repeat(40_000);
  await using peer = await rawServer((_request, socket) => socket.write(reply(`Micro-Error: ${detail}`)));
  await expect(callMucp(peer.number, [1])).rejects.toMatchObject({ rawMessage: detail });
});

test('metadata and names are sent in UTF-8, and what HTTP would change is refused', async () => {
  await using peer = await rawServer((_request, socket) => socket.write(goReply));
  await callMucp(peer.number, [1], { metadata: { 'x-name': 'Zoë' } });
  expect(Buffer.from(peer.heard[0] ?? '', 'latin1').toString()).toContain('x-name: Zoë\r\n');
  for (const metadata of [{ 'x-padded': ' a' }, { timeout: '1' }, { 'micro-topic': 't' }]) {
    const error = callMucp(peer.number, [1], { metadata: metadata as Record<string, string> });
    await expect(error).rejects.toMatchObject({ code: 'InvalidArgument', executed: 'no' });
  }
  expect(peer.heard).toHaveLength(1);
});

test('a Tenon server answers the mucp client of Tenon, in msgpack too', async () => {
  await using server = await serve();
  const connection = await newTransport().dial(mucpNode(server.number), { service: 'greeter' });
  for (const contentType of ['application/json', 'application/msgpack']) {
    const { value } = await call(connection, 'Hello', { name: 'Ada' }, { contentType });
    expect(value).toEqual({ msg: 'Hello Ada' });
  }
  await expect(call(connection, 'Nope', {})).rejects.toMatchObject({ code: 'Unimplemented' });
  await connection.close();
});

async function callMucp(
  number: number,
  values: readonly unknown[],
  options: { readonly metadata?: Readonly<Record<string, string>> } = {},
): Promise<readonly Reply[]> {
  const connection = await newTransport().dial(mucpNode(number), { service: 'greeter' });
  try {
    const replies: Reply[] = [];
    for (const value of values) replies.push(await call(connection, 'Hello', value, { timeoutMs: 5_000, ...options }));
    return replies;
  } finally {
    await connection.close();
  }
}

function reply(header: string, body = ''): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${header}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
