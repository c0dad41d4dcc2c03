import { connect, type Socket } from 'node:net';
import { jsonCodec } from '@tenon/codec-json';
import {
  type Codec,
  type EndpointKind,
  type IncomingCall,
  noMetadata,
  type Reply,
  ServiceError,
} from '@tenon/contract';
import { describe, expect, test } from 'vitest';
import { parseReplies, type RawReply, rawServer, textOf } from './raw-peer.js';
import { type Answer, mucpNode, newTransport, serve, stream, type TestServer, until } from './test-server.js';

describe('a stream on the wire', () => {
  test('of requests and replies: the opening body is dropped, each message is a request or a response, EOS ends it', async () => {
    await using server = await serveStreams();
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
    await using server = await serveStreams();
    const peer = new RawStream(server);
    peer.send(frame('Greeter.Count', '{}') + frame('Greeter.Count', '{"to":3}'));
    const replies = await peer.all();
    expect(replies.map(({ body }) => body)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}', '']);
    expect(replies[3]?.headers['micro-error']).toBe('EOS');
    expect(server.received[0]).toMatchObject({ kind: 'server' });
  });

  test('of requests: the one reply, then EOS', async () => {
    await using server = await serveStreams();
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
    await using server = await serveStreams();
    const peer = new RawStream(server);
    peer.send(frame(endpoint, '{}') + frame(endpoint, '{}'));
    const [reply] = await peer.all();
    expect(reply?.headers).toMatchObject({ 'micro-error': text, 'x-micro-error': text, 'content-length': '0' });
  });

  test('in the older spelling, and in an envelope', async () => {
    await using server = await serveStreams();
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
    await using server = await serveStreams();
    const peer = new RawStream(server);
    peer.send(frame('Greeter.Hold', '{}'));
    await until(() => server.received.length === 1, 'the call arrived');
    peer.socket.destroy();
    await until(() => server.cancels.length === 1, 'the handler was told');
  });

  test('of a stream of replies that says EOS has left', async () => {
    await using server = await serveStreams();
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
    await using server = await serveStreams({ 'Greeter.Upload': slow }, { 'Greeter.Upload': 'client' });
    const peer = new RawStream(server);
    const messages = Array.from({ length: 20 }, (_, index) => frame('Greeter.Upload', String(index)));
    peer.socket.end(Buffer.from(frame('Greeter.Upload', '{}') + messages.join('') + endOfStream('Greeter.Upload')));
    await until(() => handled.at(-1) === 'end', 'the handler came to its end');
    expect(handled).toEqual([...Array(20).keys(), 'end']);
    expect(server.cancels).toEqual([]);
    peer.socket.destroy();
  });

  test('that sends an error in place of EOS has given up', async () => {
    await using server = await serveStreams();
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
    await using server = await serveStreams({ 'Greeter.Flood': flood }, { 'Greeter.Flood': 'server' });
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
    await using server = await serveStreams();
    const peer = new RawStream(server);
    peer.send(text);
    const replies = await peer.all();
    expect(JSON.parse(replies.at(-1)?.headers['micro-error'] ?? '')).toMatchObject({ code });
  });

  test('an unknown type, in the words of go-micro', async () => {
    await using server = await serveStreams();
    const peer = new RawStream(server);
    peer.send(frame('Greeter.Chat', '{}').replaceAll('application/json', 'application/xml'));
    const [reply] = await peer.all();
    expect([reply?.headers['content-type'], reply?.body]).toEqual([
      'text/plain',
      'unsupported Content-Type: application/xml',
    ]);
  });

  test('a stream that is not the first request of its connection', async () => {
    await using server = await serveStreams();
    const socket = connect(server.number, '127.0.0.1');
    const unary = frame('Greeter.Hello', '{"name":"A"}').replace('Micro-Stream: 11\r\n', '');
    socket.write(unary + frame('Greeter.Chat', '{}').replace('Host: a', 'Host: a\r\nConnection: close'));
    const [first, second] = parseReplies(await textOf(socket));
    expect(first?.body).toBe('{"msg":"Hello A"}');
    expect(JSON.parse(second?.headers['micro-error'] ?? '')).toMatchObject({ code: 501 });
  });

  test('a message that the codec cannot read: what came before is answered', async () => {
    await using server = await serveStreams();
    const peer = new RawStream(server);
    peer.send(frame('Greeter.Chat', '{}') + frame('Greeter.Chat', '{"name":"one"}') + frame('Greeter.Chat', '{'));
    const replies = await peer.all();
    expect(replies[0]?.body).toBe('{"msg":"got one"}');
    expect(JSON.parse(replies[1]?.headers['micro-error'] ?? '')).toMatchObject({ code: 400 });
  });
});

test('a drain lets a stream go on to its end, and refuses a new one', async () => {
  await using server = await serveStreams();
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
  await using server = await serveStreams();
  const peer = new RawStream(server);
  peer.send(frame('Greeter.Chat', '{}'));
  await until(() => server.received.length === 1, 'the call arrived');
  await server.listener.close();
  const [reply] = await peer.all();
  expect(JSON.parse(reply?.headers['micro-error'] ?? '')).toMatchObject({ code: 503 });
  expect(server.cancels).toHaveLength(1);
});

describe('a Tenon client', () => {
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
    expect(await all(reply)).toEqual([{ msg: 'hi' }]);
    const [opening = '', message = '', end = ''] = (peer.heard[0] ?? '').split(/(?=POST )/);
    for (const part of [opening, message, end]) {
      expect(part).toContain(
        'Micro-Service: greeter\r\nMicro-Endpoint: Greeter.Chat\r\nMicro-Method: Greeter.Chat\r\n',
      );
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
    const reply = stream(connection, 'Count', 'server', { to: 1 }).then(all);
    await expect(reply).rejects.toMatchObject(expected);
    await connection.close();
  });

  test('takes a connection that ends without EOS for one that was cut off', async () => {
    await using peer = await rawServer((request, socket) => {
      if (/"to"/.test(request)) socket.end(answer('', '{"n":1}'));
    });
    const connection = await newTransport().dial(mucpNode(peer.number), { service: 'greeter' });
    const reply = await stream(connection, 'Count', 'server', { to: 1 });
    await expect(all(reply)).rejects.toMatchObject({ code: 'Unavailable', executed: 'maybe' });
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
    const read = stream(connection, 'Chat', 'bidi', undefined, { messages: requests }).then(all);
    if (isEnd) expect(await read).toEqual([{ msg: 'hi' }]);
    else await expect(read).rejects.toMatchObject({ code: 'Unavailable', executed: 'maybe' });
    await connection.close();
  });

  test('asks for a stream of a Tenon server in an envelope, where the node does not say its protocol', async () => {
    await using server = await serveStreams({}, {}, [(jsonCodec().create as () => Codec)()]);
    const node = { ...mucpNode(server.number), metadata: { server: 'rpc', transport: 'http' } };
    const connection = await newTransport().dial(node, { service: 'greeter' });
    expect(await all(await stream(connection, 'Count', 'server', { to: 2 }))).toEqual([{ n: 1 }, { n: 2 }]);
    expect(server.received[0]?.contentType).toBe('application/json-rpc');
    await connection.close();
  });
});

/** A go-micro client as far as its bytes go. */
class RawStream {
  readonly socket: Socket;
  #heard = '';

  constructor({ number }: TestServer, reads = true) {
    this.socket = connect(number, '127.0.0.1');
    this.socket.on('error', () => {});
    if (reads) this.socket.on('data', (chunk) => (this.#heard += chunk.toString('latin1')));
  }

  send(text: string): void {
    this.socket.write(Buffer.from(text, 'latin1'));
  }

  /** Everything that came, when the server has ended the connection. */
  async all(): Promise<readonly RawReply[]> {
    if (!this.socket.closed) await new Promise((resolve) => this.socket.once('close', resolve));
    return parseReplies(this.#heard);
  }

  async replied(count: number): Promise<readonly RawReply[]> {
    await until(() => this.#heard.split('HTTP/1.1 200').length > count, `${count} replies came`);
    return parseReplies(this.#heard);
  }
}

function frame(endpoint: string, body: string, prefix = ''): string {
  return (
    `POST / HTTP/1.1\r\nHost: a\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: ${body.length}\r\n` +
    `Accept: application/json\r\nContent-Type: application/json\r\n${prefix}Micro-Endpoint: ${endpoint}\r\n` +
    `Micro-Id: 11\r\n${prefix}Micro-Method: ${endpoint}\r\n${prefix}Micro-Service: greeter\r\n` +
    `${prefix}Micro-Stream: 11\r\nX-Request-Id: abc\r\n\r\n${body}`
  );
}

function rpcFrame(endpoint: string, body: string): string {
  return frame(endpoint, body).replaceAll('application/json', 'application/json-rpc');
}

function endOfStream(endpoint: string): string {
  const head = frame(endpoint, '').replace('Content-Length: 0', 'Transfer-Encoding: chunked');
  return `${head.replace('Micro-Id', 'Micro-Error: EOS\r\nMicro-Id')}0\r\n\r\n`;
}

function answer(fields: string, body: string): string {
  const lines = fields === '' ? '' : `${fields}\r\n`;
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${lines}Content-Length: ${body.length}\r\n\r\n${body}`;
}

async function all({ messages }: Reply): Promise<readonly unknown[]> {
  const read: unknown[] = [];
  for await (const message of messages ?? []) read.push(message);
  return read;
}

function streamed(messages: AsyncIterable<unknown>): Reply {
  return { value: undefined, messages, metadata: noMetadata };
}

async function* count(to: number): AsyncIterable<unknown> {
  for (let n = 1; n <= to; n += 1) yield { n };
}

async function* greetings(call: IncomingCall): AsyncIterable<unknown> {
  for await (const message of call.messages()) yield { msg: `got ${(message as { name: string }).name}` };
}

async function sumOf(call: IncomingCall): Promise<Reply> {
  let sum = 0;
  for await (const message of call.messages()) sum += message as number;
  return { value: sum, metadata: noMetadata };
}

function serveStreams(
  answers: Readonly<Record<string, Answer>> = {},
  kinds: Readonly<Record<string, EndpointKind>> = {},
  codecs?: readonly Codec[],
): Promise<TestServer> {
  const usual: Readonly<Record<string, Answer>> = {
    'Greeter.Chat': (call) => streamed(greetings(call)),
    'Greeter.Count': (call) => streamed(count((call.decode() as { to: number }).to)),
    'Greeter.Forever': () => streamed(count(Number.POSITIVE_INFINITY)),
    'Greeter.Sum': sumOf,
    'Greeter.Fail': () => {
      throw new ServiceError('InvalidArgument', 'boom', { service: 'greeter' });
    },
  };
  const usualKinds = {
    Chat: 'bidi',
    Count: 'server',
    Forever: 'server',
    Sum: 'client',
    Fail: 'server',
    Hold: 'bidi',
  } as const;
  const named = Object.fromEntries(Object.entries(usualKinds).map(([name, kind]) => [`Greeter.${name}`, kind]));
  const bound = codecs === undefined ? {} : { codecs };
  return serve({ ...usual, ...answers }, { kinds: { ...named, ...kinds }, ...bound });
}
