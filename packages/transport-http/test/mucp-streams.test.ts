import { connect } from 'node:net';
import { ServiceError } from '@tenon/contract';
import { describe, expect, test } from 'vitest';
import { until } from '../../../test/wire/test-call.js';
import { endOfStream, frame, RawStream, rpcFrame, serveMucp } from './mucp-peer.js';
import { parseReplies, textOf } from './raw-peer.js';
import { count, streamed } from './stream-server.js';
import { type Answer } from './test-server.js';

describe('a stream on the wire', () => {
  test('of requests and replies: the opening body is dropped, each message is a request or a response, EOS ends it', async () => {
    await using server = await serveMucp();
    const peer = new RawStream(server);
    // All in one segment, as Go sends it; the end in chunks, as Go sends empty bodies.
    peer.send(frame('Greeter.Chat', '{"name":"first-discarded"}') + frame('Greeter.Chat', '{"name":"one"}'));
    await peer.replied(1);
    peer.send(frame('Greeter.Chat', '{"name":"two"}') + endOfStream('Greeter.Chat'));
    const replies = await peer.all();
    expect(replies.map(({ status, body }) => [status, body])).toEqual([
      [200, '{"msg":"got one"}'],
      [200, '{"msg":"got two"}'],
      [200, ''],
    ]);
    expect(replies.map(({ headers }) => headers['micro-stream'])).toEqual(['11', '11', '11']);
    expect(replies.map(({ headers }) => headers['micro-error'])).toEqual([undefined, undefined, 'EOS']);
    expect(replies[2]?.headers).toMatchObject({ 'x-micro-error': 'EOS', 'content-length': '0' });
    expect(server.received[0]).toMatchObject({ service: 'greeter', endpoint: 'Greeter.Chat', kind: 'bidi' });
    expect({ ...server.received[0]?.metadata }).toEqual({ 'x-request-id': 'abc' });
  });

  test('of replies: its request is the message after the opening one', async () => {
    await using server = await serveMucp();
    const peer = new RawStream(server);
    peer.send(frame('Greeter.Count', '{}') + frame('Greeter.Count', '{"to":3}'));
    const replies = await peer.all();
    expect(replies.map(({ body }) => body)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}', '']);
    expect(replies[3]?.headers['micro-error']).toBe('EOS');
    expect(server.received[0]).toMatchObject({ kind: 'server' });
  });

  test('of requests: the one reply, then EOS', async () => {
    await using server = await serveMucp();
    const peer = new RawStream(server);
    peer.send(
      frame('Greeter.Sum', '{}') + frame('Greeter.Sum', '1') + frame('Greeter.Sum', '2') + endOfStream('Greeter.Sum'),
    );
    const replies = await peer.all();
    expect(replies.map(({ body }) => body)).toEqual(['3', '']);
  });

  test.each([
    ['an error', 'Greeter.Fail', '{"id":"greeter","code":400,"detail":"boom","status":"Bad Request"}'],
    [
      'an endpoint that is not there',
      'Greeter.Nope',
      '{"id":"greeter","code":501,"detail":"there is no endpoint Greeter.Nope","status":"Not Implemented"}',
    ],
  ])('%s stands in Micro-Error, and ends it', async (_name, endpoint, text) => {
    await using server = await serveMucp();
    const peer = new RawStream(server);
    peer.send(frame(endpoint, '{}') + frame(endpoint, '{}'));
    const [reply] = await peer.all();
    expect(reply?.headers).toMatchObject({ 'micro-error': text, 'x-micro-error': text, 'content-length': '0' });
  });

  test('in the older spelling, and in an envelope', async () => {
    await using server = await serveMucp();
    const older = new RawStream(server);
    older.send(frame('Greeter.Count', '{}', 'X-').concat(frame('Greeter.Count', '{"to":1}', 'X-')));
    expect((await older.all()).map(({ body }) => body)).toEqual(['{"n":1}', '']);
    const enveloped = new RawStream(server);
    const wrapped = (value: string) =>
      rpcFrame('Greeter.Chat', `{"method":"Greeter.Chat","params":[${value}],"id":"11"}`);
    enveloped.send(wrapped('{}') + wrapped('{"name":"z"}') + endOfStream('Greeter.Chat'));
    const [reply] = await enveloped.all();
    expect(reply?.body).toBe('{"id":"11","result":{"msg":"got z"},"error":null}\n');
    expect(reply?.headers['content-type']).toBe('application/json-rpc');
  });
});

describe('a caller', () => {
  test('that hangs up cancels the call', async () => {
    await using server = await serveMucp();
    const peer = new RawStream(server);
    peer.send(frame('Greeter.Hold', '{}'));
    await until(() => server.received.length === 1, 'the call arrived');
    peer.socket.destroy();
    await until(() => server.cancels.length === 1, 'the handler was told');
  });

  test('of a stream of replies that says EOS has left', async () => {
    await using server = await serveMucp();
    const peer = new RawStream(server);
    peer.send(frame('Greeter.Forever', '{}') + frame('Greeter.Forever', '{}'));
    await peer.replied(1);
    peer.send(endOfStream('Greeter.Forever'));
    await until(() => server.cancels.length === 1, 'the handler was told');
    peer.socket.destroy();
  });

  test("that says EOS and hangs up, as go-micro's Close does, has said all: what it sent is handled", async () => {
    const handled: unknown[] = [];
    const slow: Answer = async (call) => {
      for await (const message of call.messages()) {
        await new Promise((resolve) => setImmediate(resolve));
        handled.push(message);
      }
      handled.push('end');
      return { value: 1, metadata: {} };
    };
    await using server = await serveMucp({ 'Greeter.Upload': slow }, { 'Greeter.Upload': 'client' });
    const peer = new RawStream(server);
    const messages = Array.from({ length: 20 }, (_, index) => frame('Greeter.Upload', String(index)));
    peer.socket.end(Buffer.from(frame('Greeter.Upload', '{}') + messages.join('') + endOfStream('Greeter.Upload')));
    await until(() => handled.at(-1) === 'end', 'the handler came to its end');
    expect(handled).toEqual([...Array(20).keys(), 'end']);
    expect(server.cancels).toEqual([]);
    peer.socket.destroy();
  });

  test('that sends an error in place of EOS has given up', async () => {
    await using server = await serveMucp();
    const peer = new RawStream(server);
    peer.send(frame('Greeter.Chat', '{}') + endOfStream('Greeter.Chat').replace('EOS', 'out of ink'));
    await until(() => server.cancels.length === 1, 'the handler was told');
    expect(server.cancels[0]?.message).toContain('out of ink');
    peer.socket.destroy();
  });

  test('that does not read holds the handler back', async () => {
    let made = 0;
    const flood: Answer = () => ({
      value: undefined,
      metadata: {},
      messages: (async function* () {
        for (;;) {
          made += 1;
          yield 'x'.repeat(10_000);
        }
      })(),
    });
    await using server = await serveMucp({ 'Greeter.Flood': flood }, { 'Greeter.Flood': 'server' });
    const peer = new RawStream(server, false);
    peer.send(frame('Greeter.Flood', '{}') + frame('Greeter.Flood', '{}'));
    let before = -1;
    await until(() => {
      const still = made === before && made > 0;
      before = made;
      return still;
    }, 'the handler stood still');
    expect(made).toBeLessThan(2_000);
    peer.socket.destroy();
    await until(() => server.cancels.length === 1, 'the handler was told');
  });
});

describe('is refused, and the connection ends', () => {
  test.each([
    ['a stream without a number', frame('Greeter.Chat', '{}').replace('Micro-Stream: 11', 'Micro-Stream: '), 400],
    [
      'a number that could not be said back',
      frame('Greeter.Chat', '{}').replace('Micro-Stream: 11', 'Micro-Stream: 1 1'),
      400,
    ],
    [
      'another stream amidst one',
      frame('Greeter.Chat', '{}') + frame('Greeter.Chat', '{}').replace('Micro-Stream: 11', 'Micro-Stream: 12'),
      400,
    ],
    ['a message that is no HTTP', `${frame('Greeter.Chat', '{}')}HELLO\r\n\r\n`, 400],
    [
      'a length and chunks behind the first',
      `${frame('Greeter.Chat', '{}')}POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      400,
    ],
    ['a giant message', `${frame('Greeter.Chat', '{}')}POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n`, 429],
    ['a timeout that is no number', frame('Greeter.Chat', '{}').replace('Micro-Id', 'Timeout: 5s\r\nMicro-Id'), 400],
  ])('%s', async (_name, text, code) => {
    await using server = await serveMucp();
    const peer = new RawStream(server);
    peer.send(text);
    const replies = await peer.all();
    expect(JSON.parse(replies.at(-1)?.headers['micro-error'] ?? '')).toMatchObject({ code });
  });

  test('an unknown type, in the words of go-micro', async () => {
    await using server = await serveMucp();
    const peer = new RawStream(server);
    peer.send(frame('Greeter.Chat', '{}').replaceAll('application/json', 'application/xml'));
    const [reply] = await peer.all();
    expect([reply?.headers['content-type'], reply?.body]).toEqual([
      'text/plain',
      'unsupported Content-Type: application/xml',
    ]);
  });

  test.each([frame, rpcFrame])('a stream that is not the first request of its connection', async (opening) => {
    await using server = await serveMucp();
    const socket = connect(server.number, '127.0.0.1');
    const unary = frame('Greeter.Hello', '{"name":"A"}').replace('Micro-Stream: 11\r\n', '');
    socket.write(unary + opening('Greeter.Hello', '{}').replace('Host: a', 'Host: a\r\nConnection: close'));
    const [first, second] = parseReplies(await textOf(socket));
    expect(first?.body).toBe('{"msg":"Hello A"}');
    expect(JSON.parse(second?.headers['micro-error'] ?? '')).toMatchObject({ code: 501 });
  });

  test('a message that the codec cannot read: what came before is answered', async () => {
    await using server = await serveMucp();
    const peer = new RawStream(server);
    peer.send(frame('Greeter.Chat', '{}') + frame('Greeter.Chat', '{"name":"one"}') + frame('Greeter.Chat', '{'));
    const replies = await peer.all();
    expect(replies[0]?.body).toBe('{"msg":"got one"}');
    expect(JSON.parse(replies[1]?.headers['micro-error'] ?? '')).toMatchObject({ code: 400 });
  });
});

test('an error in any script, with line breaks, stays one header field of its message', async () => {
  const fail: Answer = () => {
    throw new ServiceError('Aborted', 'Zoë\r\nMicro-Evil: 1\r\n\r\nHTTP/1.1 200 OK');
  };
  await using server = await serveMucp({ 'Greeter.Fail': fail });
  const peer = new RawStream(server);
  peer.send(frame('Greeter.Fail', '{}') + frame('Greeter.Fail', '{}'));
  const replies = await peer.all();
  expect(replies).toHaveLength(1);
  expect(replies[0]?.headers['micro-evil']).toBeUndefined();
  const value = Buffer.from(replies[0]?.headers['micro-error'] ?? '', 'latin1').toString();
  expect(JSON.parse(value)).toMatchObject({ code: 409, detail: 'Zoë\r\nMicro-Evil: 1\r\n\r\nHTTP/1.1 200 OK' });
});

test.each([{ 'x-a': 'a\r\nx-evil: 1' }, { 'x-a\r\nx-evil': '1' }, { 'micro-error': 'EOS' }, { 'content-length': '5' }])(
  'metadata of a reply that would split or change a message is refused: %o',
  async (metadata) => {
    const odd: Answer = () => ({ ...streamed(count(2)), metadata: metadata as Record<string, string> });
    await using server = await serveMucp({ 'Greeter.Count': odd });
    const peer = new RawStream(server);
    peer.send(frame('Greeter.Count', '{}') + frame('Greeter.Count', '{}'));
    const replies = await peer.all();
    expect(replies).toHaveLength(1);
    expect(replies[0]?.headers['x-evil']).toBeUndefined();
    expect(JSON.parse(replies[0]?.headers['micro-error'] ?? '')).toMatchObject({ code: 500 });
  },
);

test('a drain lets a stream go on to its end, and refuses a new one', async () => {
  await using server = await serveMucp();
  const peer = new RawStream(server);
  peer.send(frame('Greeter.Chat', '{}') + frame('Greeter.Chat', '{"name":"one"}'));
  await peer.replied(1);
  const late = new RawStream(server);
  await new Promise((resolve) => late.socket.once('connect', resolve));
  let drained = false;
  const draining = server.listener.drain(new AbortController().signal).then(() => {
    drained = true;
  });
  late.send(frame('Greeter.Chat', '{}'));
  const [refused] = await late.all();
  expect(JSON.parse(refused?.headers['micro-error'] ?? '')).toMatchObject({ code: 503 });
  expect(drained).toBe(false);
  peer.send(endOfStream('Greeter.Chat'));
  expect((await peer.all()).at(-1)?.headers['micro-error']).toBe('EOS');
  await draining;
});

test('closing the listener ends a stream with an error', async () => {
  await using server = await serveMucp();
  const peer = new RawStream(server);
  peer.send(frame('Greeter.Chat', '{}'));
  await until(() => server.received.length === 1, 'the call arrived');
  await server.listener.close();
  const [reply] = await peer.all();
  expect(JSON.parse(reply?.headers['micro-error'] ?? '')).toMatchObject({ code: 503 });
  expect(server.cancels).toHaveLength(1);
});
