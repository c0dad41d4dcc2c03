import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import type { Clock, ServiceError } from '@tenon/contract';
import { systemClock } from '@tenon/contract/authoring';
import { expect, test } from 'vitest';
import { allOf, stream, until } from '../../../test/wire/test-call.js';
import { ask, conversation, post, rawServer, textOf } from './raw-peer.js';
import { count, serveStreams, streamed } from './stream-server.js';
import { newCodecs, newTransport, tenonNode } from './test-server.js';

const path = '/greeter/Greeter.Count';
const lines = { accept: 'application/x-ndjson' };
const events = { accept: 'text/event-stream' };
const framed = 'application/vnd.tenon.stream; type="application/json"';
const json = ['-H', 'Content-Type: application/json'];

test('a person with curl gets a line for each message', async () => {
  await using server = await serveStreams();
  const address = `http://127.0.0.1:${server.number}${path}`;
  for (const accept of [[], ['-H', 'Accept: application/x-ndjson'], ['-H', 'Accept: text/html']]) {
    const { stdout } = await promisify(execFile)('curl', ['-sN', '-d', '{"to":3}', ...json, ...accept, address]);
    expect(stdout).toBe('{"n":1}\n{"n":2}\n{"n":3}\n');
  }
});

test('a stream without a message is an empty body, and the metadata goes before it', async () => {
  const empty = { value: undefined, messages: count(0), metadata: { 'x-a': '1' } };
  await using server = await serveStreams({ 'Greeter.Count': () => empty });
  const text = await conversation(server.number, post(path, '{}'));
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(text).toContain('\r\ncontent-type: application/x-ndjson\r\ntrailer: tenon-error\r\nx-a: 1\r\n');
  expect(text.endsWith('\r\n\r\n0\r\n\r\n')).toBe(true);
});

test('an error after the first line is told after an empty one, and in a trailer', async () => {
  await using server = await serveStreams();
  const text = await conversation(server.number, post(path, '{"to":1,"fail":"ours"}', lines));
  const record = '{"code":"NotFound","message":"no more: Zoë","executed":"yes","details":{"at":1}}';
  const body = dechunked(text);
  expect(Buffer.from(body, 'latin1').toString()).toBe(`{"n":1}\n\n{"error":${record}}\n`);
  expect(text.endsWith('\r\n0\r\ntenon-error: NotFound\r\n\r\n')).toBe(true);
});

test('a message that looks like an error has no empty line before it', async () => {
  const trap = async function* () {
    yield { error: { code: 'Internal' } };
    yield 'two\nlines';
  };
  await using server = await serveStreams({ 'Greeter.Count': () => streamed(trap()) });
  const body = dechunked(await conversation(server.number, post(path, '{}', lines)));
  expect(body).toBe('{"error":{"code":"Internal"}}\n"two\\nlines"\n');
});

test('an error before the first message has its HTTP status, in any form', async () => {
  await using server = await serveStreams();
  for (const headers of [lines, events, {}]) {
    const reply = await ask(server.number, post(path, '{"to":0,"fail":"ours"}', headers));
    expect([reply.status, reply.headers['content-type']]).toEqual([404, 'application/json']);
    expect(JSON.parse(reply.body)).toMatchObject({ code: 'NotFound', executed: 'yes' });
  }
});

test('an error that is none of ours keeps its text to itself, also after the first message', async () => {
  await using server = await serveStreams();
  for (const headers of [lines, events]) {
    const text = await conversation(server.number, post(path, '{"to":1,"fail":"theirs"}', headers));
    expect(text).toContain('"code":"Internal"');
    expect(text).not.toContain('password');
  }
});

test('server-sent events: messages without a name, and an end', async () => {
  await using server = await serveStreams();
  const text = await conversation(server.number, post(path, '{"to":2}', events));
  expect(text).toContain('\r\ncontent-type: text/event-stream\r\n');
  expect(dechunked(text)).toBe('id: 0\ndata: {"n":1}\n\ndata: {"n":2}\n\nevent: end\ndata: {}\n\n');
});

test('server-sent events: an error', async () => {
  await using server = await serveStreams();
  const body = dechunked(await conversation(server.number, post(path, '{"to":1,"fail":"ours"}', events)));
  expect(body).toMatch(/^id: 0\ndata: \{"n":1\}\n\nevent: error\ndata: \{"code":"NotFound",.*\}\n\n$/);
});

test('an event source that asks again after a lost connection is told to stop, and nothing runs twice', async () => {
  await using server = await serveStreams();
  const text = await conversation(server.number, post(path, '{"to":1}', { ...events, 'last-event-id': '0' }));
  expect(text).toMatch(/^HTTP\/1\.1 204 No Content\r\n/);
  expect(server.received).toHaveLength(0);
});

test('a silent stream of events shows from time to time that it lives, and stops with the call', async () => {
  const timers = new Set<() => void>();
  const real = systemClock();
  const clock: Clock = {
    now: () => real.now(),
    wallTime: () => 0,
    after: (delayMs, callback) => {
      if (delayMs !== 15_000) return real.after(delayMs, callback);
      timers.add(callback);
      return () => timers.delete(callback);
    },
  };
  const quiet = async function* () {
    yield 1;
    await new Promise(() => {});
  };
  await using server = await serveStreams({ 'Greeter.Count': () => streamed(quiet()) }, { clock });
  const socket = connect(server.number, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.write(post(path, '{}', events));
  const beat = (): void => {
    for (const timer of [...timers]) {
      timers.delete(timer);
      timer();
    }
  };
  await until(() => text.includes('data: 1'), 'the first event came');
  beat();
  expect(text).not.toContain(':\n\n');
  beat();
  await until(() => text.includes(':\n\n'), 'a heartbeat came');
  socket.destroy();
  await until(() => server.cancels.length === 1, 'the handler was told');
  expect(timers.size).toBe(0);
});

test.each([
  ['a stream, asked for one value', path, { accept: 'application/json' }, 406, 'application/x-ndjson'],
  ['one value, asked for events', '/greeter/Greeter.Hello', events, 406, 'application/json'],
  ['one value, asked for lines', '/greeter/Greeter.Hello', lines, 406, 'application/json'],
  ['a stream of requests', '/greeter/Greeter.Total', {}, 501, 'HTTP/2'],
  ['streams in both directions', '/greeter/Greeter.Double', lines, 501, 'HTTP/2'],
  ['a stream of requests to nobody', '/greeter/Greeter.Nope', { 'content-type': framed }, 501, 'HTTP/2'],
  ['a stream of requests to one value', '/greeter/Greeter.Hello', { 'content-type': framed }, 415, 'one request'],
  ['a stream of a type that is not bound', path, { 'content-type': 'application/vnd.tenon.stream' }, 415, 'bound are'],
])('%s is refused before the handler, and says how to do better', async (_name, to, headers, status, mend) => {
  await using server = await serveStreams();
  const reply = await ask(server.number, post(to, '{}', headers));
  expect([reply.status, JSON.parse(reply.body).executed]).toEqual([status, 'no']);
  expect(reply.body).toContain(mend);
  expect(server.received).toHaveLength(0);
});

test('of what Accept names, what fits the endpoint is taken', async () => {
  await using server = await serveStreams();
  const both = { accept: 'application/json, text/event-stream' };
  expect((await ask(server.number, post('/greeter/Greeter.Hello', '{"name":"A"}', both))).body).toBe(
    '{"msg":"Hello A"}',
  );
  expect(await conversation(server.number, post(path, '{"to":1}', both))).toContain('text/event-stream');
});

test('length-prefixed messages, as the page has them', async () => {
  await using server = await serveStreams();
  const text = await conversation(server.number, post(path, '{"to":1}', { accept: framed }));
  expect(text).toContain(`\r\ncontent-type: ${framed}\r\n`);
  expect(dechunked(text)).toBe('\0\0\0\0\x07{"n":1}\x01\0\0\0\0');
});

test('without JSON people get length-prefixed messages of what there is', async () => {
  const [, msgpack] = newCodecs();
  await using server = await serveStreams({}, { codecs: msgpack === undefined ? [] : [msgpack] });
  const request = post(path, '\x81\xa2to\x01', { 'content-type': 'application/msgpack', accept: '*/*' });
  expect(await conversation(server.number, request)).toContain('type="application/msgpack"');
});

test('a kept connection carries one stream after another, and what follows an error', async () => {
  await using server = await serveStreams();
  const connection = await newTransport({ maxSockets: 1 }).dial(server.node, { service: 'greeter' });
  for (let turn = 0; turn < 3; turn += 1) {
    const { messages } = await stream(connection, 'Count', 'server', { to: 3 });
    expect(await allOf(messages)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    const failed = stream(connection, 'Count', 'server', { to: 1, fail: 'ours' });
    await expect(failed.then((reply) => allOf(reply.messages))).rejects.toMatchObject({
      code: 'NotFound',
      details: { at: 1 },
      service: 'greeter',
    });
  }
  await connection.close();
});

test('a reader that leaves closes its connection, and the handler and its producer are told', async () => {
  let returned = false;
  const endless = async function* () {
    try {
      for (let n = 0; ; n += 1) yield n;
    } finally {
      returned = true;
    }
  };
  await using server = await serveStreams({ 'Greeter.Count': () => streamed(endless()) });
  const connection = await newTransport().dial(server.node, { service: 'greeter' });
  const { messages } = await stream(connection, 'Count', 'server', {});
  for await (const n of messages ?? []) if (n === 1_000) break;
  await until(() => server.cancels.length === 1 && returned, 'the handler was told');
  expect(server.cancels[0]?.code).toBe('Canceled');
  await connection.close();
});

const head = `HTTP/1.1 200 OK\r\nContent-Type: application/vnd.tenon.stream; type="application/json"\r\nTransfer-Encoding: chunked\r\n\r\n`;

test.each([
  ['cut off after a message', [chunk('\0\0\0\0\x011')], { code: 'Unavailable', executed: 'maybe' }],
  ['without an end', [chunk('\0\0\0\0\x011'), '0\r\n\r\n'], { code: 'Unavailable', rawMessage: /cut off/ }],
  ['cut off in a message', [chunk('\0\0\0\0\x09'), '0\r\n\r\n'], { code: 'Unavailable', executed: 'maybe' }],
  ['with a message over the limit', [chunk('\0\xff\xff\xff\xff')], { code: 'ResourceExhausted' }],
  ['with a frame of no type', [chunk('\x07\0\0\0\0')], { code: 'InvalidArgument', executed: 'maybe' }],
  ['with a message that is malformed', [chunk('\0\0\0\0\x01{\x01\0\0\0\0'), '0\r\n\r\n'], { executed: 'yes' }],
  ['with an error that is malformed', [chunk('\x01\0\0\0\x01{'), '0\r\n\r\n'], { code: 'Internal' }],
  ['with an error', [chunk(`\x01\0\0\0\x12{"code":"Aborted"}`), '0\r\n\r\n'], { code: 'Aborted' }],
])('a stream %s is an error, and no end', async (_name, parts, expected) => {
  await using peer = await rawServer((_request, socket) => {
    socket.write(Buffer.from(head + parts.join(''), 'latin1'));
    if (!parts.includes('0\r\n\r\n')) socket.end();
  });
  const connection = await newTransport().dial(tenonNode(peer.number), { service: 'greeter' });
  const reading = stream(connection, 'Count', 'server', {}).then((reply) => allOf(reply.messages));
  const error = (await reading.catch((thrown: unknown) => thrown)) as ServiceError;
  const { rawMessage, ...rest } = expected as { readonly rawMessage?: RegExp };
  expect(error).toMatchObject(rest);
  if (rawMessage !== undefined) expect(error.rawMessage).toMatch(rawMessage);
  await connection.close();
});

test.each([
  ['one value', 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n1'],
  ['messages of a type that is not bound', head.replace('application/json', 'application/x')],
  ['a compressed stream', head.replace('Transfer', 'Content-Encoding: gzip\r\nTransfer')],
])('a peer that answers a stream with %s is not understood', async (_name, bytes) => {
  await using peer = await rawServer((_request, socket) => socket.write(bytes));
  const connection = await newTransport().dial(tenonNode(peer.number), { service: 'greeter' });
  await expect(stream(connection, 'Count', 'server', {})).rejects.toMatchObject({ code: 'Internal', executed: 'yes' });
  await connection.close();
});

test('a producer is held back by a peer that reads nothing, in the clear and by bytes', async () => {
  let made = 0;
  const endless = async function* () {
    for (;;) {
      made += 1;
      yield 'x'.repeat(10_000);
    }
  };
  await using server = await serveStreams({ 'Greeter.Count': () => streamed(endless()) });
  const socket = connect(server.number, '127.0.0.1');
  socket.pause();
  socket.write(post(path, '{}', lines));
  let before = -1;
  await until(() => {
    const same = made === before && made > 0;
    before = made;
    return same;
  }, 'the producer stopped');
  expect(made * 10_000).toBeLessThan(32 * 1_024 * 1_024);
  socket.destroy();
  await until(() => server.cancels.length === 1, 'the handler was told');
});

test('a drain lets a stream go on to its end; one that is cut short ends it with an error in its form', async () => {
  for (const cut of [false, true]) {
    let release = (): void => {};
    const held = async function* () {
      yield 1;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      yield 2;
    };
    await using server = await serveStreams({ 'Greeter.Count': () => streamed(held()) });
    const socket = connect(server.number, '127.0.0.1');
    socket.write(post(path, '{}', lines));
    await once(socket, 'data');
    const rest = textOf(socket);
    const abort = new AbortController();
    const drained = server.listener.drain(abort.signal);
    if (cut) abort.abort();
    else release();
    await drained;
    expect(await rest).toContain(cut ? '{"error":{"code":"Unavailable"' : '2\n');
  }
});

function chunk(bytes: string): string {
  return `${bytes.length.toString(16)}\r\n${bytes}\r\n`;
}

/** The body of one chunked reply. */
function dechunked(text: string): string {
  let rest = text.slice(text.indexOf('\r\n\r\n') + 4);
  let body = '';
  for (;;) {
    const end = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.slice(0, end), 16);
    if (size === 0) return body;
    body += rest.slice(end + 2, end + 2 + size);
    rest = rest.slice(end + 2 + size + 2);
  }
}
