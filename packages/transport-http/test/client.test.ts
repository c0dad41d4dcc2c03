import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type Clock, type Connection, noMetadata, type ServiceError } from '@tenon/contract';
import { systemClock } from '@tenon/contract/authoring';
import { expect, test } from 'vitest';
import { call, until } from '../../../test/wire/test-call.js';
import { parseReplies, post, rawServer, textOf } from './raw-peer.js';
import { newCodecs, newTransport, serve, tenonNode } from './test-server.js';

const ok = reply('200 OK', '"ok"');

test('a call is written as people would, with the time left, and the connection is kept', async () => {
  await using peer = await rawServer((_request, socket) => socket.write(ok));
  const connection = await dial(peer.number, { contentType: 'application/json' });
  for (const value of [{ name: 'Ada' }, { name: 'Bob' }]) {
    const answer = await call(connection, 'Hello', value, {
      metadata: { 'x-a': 'Zoë', 'x-b': ' c' },
      timeoutMs: 5_000,
    });
    expect(answer).toEqual({ value: 'ok', metadata: noMetadata });
  }
  expect(peer.heard).toHaveLength(1);
  const request = Buffer.from(peer.heard[0] ?? '', 'latin1').toString();
  expect(request).toMatch(/^POST \/greeter\/Greeter\.Hello HTTP\/1\.1\r\n/);
  expect(request).toMatch(/\r\ntenon-timeout-ms: (5000|4\d\d\d(\.\d{1,3})?)\r\n/);
  expect(request).toMatch(/\r\ntenon-node: [\x21-\x7e]+\r\n/);
  for (const line of [
    'content-type: application/json',
    'Content-Length: 14',
    'accept: application/json',
    'x-a: Zoë',
    'x-b: %20c',
    'tenon-encoded: x-b',
  ]) {
    expect(request).toContain(`\r\n${line}\r\n`);
  }
  await connection.close();
});

test('requests are msgpack where it is bound, else JSON, unless the transport or the call says otherwise', async () => {
  await using server = await serve();
  const [json] = newCodecs();
  const typeOf = async (connection: Connection, contentType?: string): Promise<string | undefined> => {
    await call(connection, 'Echo', 1, contentType === undefined ? {} : { contentType });
    await connection.close();
    return server.received.at(-1)?.contentType;
  };
  expect(await typeOf(await dial(server.number))).toBe('application/msgpack');
  expect(await typeOf(await dial(server.number), 'application/json')).toBe('application/json');
  expect(await typeOf(await dial(server.number, { contentType: 'application/json' }))).toBe('application/json');
  const transport = newTransport({}, systemClock(), json === undefined ? [] : [json]);
  expect(await typeOf(await transport.dial(server.node, { service: 'greeter' }))).toBe('application/json');
});

test('a host that does not exist is Unavailable, and the call was not executed', async () => {
  const node = { id: 'n', address: 'nobody.invalid:80', metadata: {} };
  const connection = await newTransport().dial(node, { service: 'greeter' });
  await expect(call(connection, 'Hello', 1)).rejects.toMatchObject({ code: 'Unavailable', executed: 'no' });
  await connection.close();
});

test('connecting has its own time limit', async () => {
  await using peer = await rawServer(() => {});
  const real = systemClock();
  // The time limit of connecting is over before the connection can be.
  const clock: Clock = {
    now: () => real.now(),
    wallTime: () => real.wallTime(),
    after: (delayMs, callback) => {
      if (delayMs !== 77) return real.after(delayMs, callback);
      queueMicrotask(callback);
      return () => {};
    },
  };
  const connection = await newTransport({ connectTimeoutMs: 77 }, clock).dial(tenonNode(peer.number), { service: 'g' });
  await expect(call(connection, 'Hello', 1)).rejects.toMatchObject({
    code: 'Unavailable',
    executed: 'no',
    rawMessage: expect.stringContaining('77 ms'),
  });
  await connection.close();
});

test('an error says which call on which node it was', async () => {
  await using server = await serve();
  const connection = await dial(server.number);
  await connection.close();
  await expect(call(connection, 'Hello', 1)).rejects.toMatchObject({
    service: 'greeter',
    endpoint: 'Greeter.Hello',
    node: server.node.id,
  });
});

test('a kept connection that the peer resets under a call leaves open whether it ran', async () => {
  await using peer = await rawServer(everyOther(ok, (socket) => socket.resetAndDestroy()));
  const connection = await dial(peer.number);
  await call(connection, 'Hello', 1);
  await expect(call(connection, 'Hello', 2)).rejects.toMatchObject({
    code: 'Unavailable',
    executed: 'maybe',
    rawMessage: expect.stringContaining('kept connection'),
  });
  await connection.close();
});

test('a connection that the peer ended while it was idle is not used again', async () => {
  const sockets: Socket[] = [];
  await using peer = await rawServer((_request, socket) => {
    sockets.push(socket);
    socket.write(ok);
  });
  const connection = await dial(peer.number);
  await call(connection, 'Hello', 1);
  sockets[0]?.end();
  await until(() => sockets[0]?.closed === true, 'the client closed its side');
  await call(connection, 'Hello', 2);
  expect(peer.heard).toHaveLength(2);
  await connection.close();
});

test('a connection is left well before the time that the peer said, by the timer and by the clock', async () => {
  const sockets: Socket[] = [];
  await using peer = await rawServer((_request, socket) => {
    sockets.push(socket);
    socket.write(reply('200 OK', '1', 'Keep-Alive: timeout=2'));
  });
  const real = systemClock();
  let aheadMs = 0;
  const clock: Clock = {
    now: () => real.now() + aheadMs,
    wallTime: () => 0,
    after: (ms, done) => real.after(ms, done),
  };
  const connection = await newTransport({}, clock).dial(tenonNode(peer.number), { service: 'greeter' });
  const deadlined = () => call(connection, 'Hello', 1, { timeoutMs: 60_000 });
  await deadlined();
  await deadlined();
  expect(peer.heard).toHaveLength(1);
  aheadMs = 1_001;
  await deadlined();
  expect(peer.heard).toHaveLength(2);
  await until(() => sockets.every((socket) => socket.closed), 'the idle connection was closed by its timer');
  await connection.close();
});

test('calls around the idle timeout of the server never meet a closing connection', async () => {
  await using server = await serve({}, { keepAliveMs: 2_000 });
  let calls = 0;
  const around = async (gapMs: number): Promise<void> => {
    const connection = await dial(server.number);
    for (let turn = 0; turn < 2; turn += 1) {
      await call(connection, 'Echo', turn);
      calls += 1;
      await new Promise((resolve) => setTimeout(resolve, gapMs));
    }
    await connection.close();
  };
  const gaps = [1_000, 2_000, 3_000].flatMap((center) => Array.from({ length: 40 }, (_, i) => center - 20 + i));
  await Promise.all(gaps.map(around));
  expect(server.received).toHaveLength(calls);
  expect(calls).toBe(gaps.length * 2);
});

test('a stranger who uses a connection up to the time that it was told is served', async () => {
  await using server = await serve({}, { keepAliveMs: 1_000 });
  const around = async (gapMs: number): Promise<void> => {
    const socket = connect(server.number, '127.0.0.1');
    socket.write(post('/greeter/Greeter.Echo', '1', { connection: 'keep-alive' }));
    await once(socket, 'data');
    await new Promise((resolve) => setTimeout(resolve, gapMs));
    socket.write(post('/greeter/Greeter.Echo', '2'));
    expect(parseReplies(await textOf(socket))[0]?.body).toBe('2');
  };
  await Promise.all(Array.from({ length: 100 }, (_, i) => around(960 + i)));
  expect(server.received).toHaveLength(200);
});

test('calls beyond maxSockets wait for a free one; one that runs out of time meanwhile was never sent', async () => {
  const held: Socket[] = [];
  await using peer = await rawServer((_request, socket) => held.push(socket));
  const connection = await dial(peer.number, { maxSockets: 1 });
  const first = call(connection, 'Hello', 1);
  await until(() => held.length === 1, 'the first call arrived');
  const second = call(connection, 'Hello', 2, { timeoutMs: 30 });
  await expect(second).rejects.toMatchObject({ code: 'DeadlineExceeded', executed: 'no' });
  const third = call(connection, 'Hello', 3);
  held[0]?.write(ok);
  await first;
  await until(() => held.length === 2, 'the third call arrived');
  held[1]?.write(ok);
  await third;
  expect(peer.heard).toHaveLength(1);
  await connection.close();
});

test('closing ends calls that wait for a socket as not executed', async () => {
  await using peer = await rawServer(() => {});
  const connection = await dial(peer.number, { maxSockets: 1 });
  const outcomes = [1, 2].map((value) => call(connection, 'Hello', value).catch((error: ServiceError) => error));
  await until(() => peer.heard[0] !== undefined && peer.heard[0] !== '', 'the first call arrived');
  await connection.close();
  expect(await Promise.all(outcomes)).toMatchObject([
    { code: 'Unavailable', executed: 'maybe' },
    { code: 'Unavailable', executed: 'no' },
  ]);
});

test('a reply cut off at any byte is an error soon after, never a value and never a hang', async () => {
  const whole = reply('200 OK', '"some text"', 'x-meta: 1');
  let length = 0;
  await using peer = await rawServer((_request, socket) => socket.end(whole.slice(0, length)));
  const connection = await dial(peer.number);
  for (; length < whole.length; length += 1) {
    await expect(call(connection, 'Hello', 1)).rejects.toMatchObject({ code: 'Unavailable', executed: 'maybe' });
  }
  expect((await call(connection, 'Hello', 1)).value).toBe('some text');
  await connection.close();
});

test.each([
  ['what is no HTTP', 'hello\r\n\r\n', { code: 'Internal', executed: 'maybe' }],
  ['a chunk that is none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', { code: 'Internal' }],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12', { code: 'Internal' }],
  [
    'a switch of protocols',
    'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    { code: 'Unavailable' },
  ],
  ['a type that is not bound', reply('200 OK', '<a/>', '', 'text/html'), { code: 'Internal', executed: 'yes' }],
  ['a value that is malformed', reply('200 OK', '{"a":'), { code: 'Internal', executed: 'yes' }],
  ['a compressed value', reply('200 OK', 'x', 'Content-Encoding: gzip'), { code: 'Internal', executed: 'yes' }],
  ['too much metadata', reply('200 OK', '1', `x-a: ${'x'.repeat(9_000)}`), { code: 'Internal', executed: 'yes' }],
  ['no content', 'HTTP/1.1 204 No Content\r\n\r\n', { code: 'Unknown', executed: 'maybe' }],
  ['a redirect', reply('302 Found', '', 'Location: http://169.254.169.254/'), { code: 'Unknown' }],
  [
    "a proxy's error",
    reply('502 Bad Gateway', '<h1>no</h1>', '', 'text/html'),
    { code: 'Unavailable', executed: 'maybe' },
  ],
  ['an error that is no record', reply('503 Service Unavailable', '{"error":1}'), { code: 'Unavailable' }],
  ['an error record of a code that is none', reply('404 Not Found', '{"code":"Nope"}'), { code: 'NotFound' }],
  ['a broken error record', reply('404 Not Found', '{"code'), { code: 'NotFound' }],
  [
    'an error record',
    reply('503 X', '{"code":"Aborted","message":"m","executed":"no"}'),
    { code: 'Aborted', executed: 'no' },
  ],
])('a peer that answers with %s', async (_name, bytes, expected) => {
  await using peer = await rawServer((_request, socket) => socket.write(bytes));
  const connection = await dial(peer.number);
  await expect(call(connection, 'Hello', 1, { timeoutMs: 5_000 })).rejects.toMatchObject(expected);
  await connection.close();
});

test('the refusal of a go-micro server that nothing says is one is an error that says how it is called', async () => {
  const said = 'rpc: service/endpoint request ill-formed: ';
  const body = `{"id":"","result":null,"error":"${said}"}\n`;
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMicro-Error: ${said}\r\nContent-Length: ${body.length}\r\n\r\n`;
  await using peer = await rawServer((_request, socket) => socket.write(head + body));
  const connection = await dial(peer.number, { contentType: 'application/json' });
  await expect(call(connection, 'Hello', { name: 'Ada' })).rejects.toMatchObject({
    code: 'Unimplemented',
    executed: 'maybe',
    message: expect.stringContaining('"protocol": "mucp"'),
  });
  await connection.close();
});

test('an informational reply is not the reply', async () => {
  await using peer = await rawServer((_request, socket) => socket.write(`HTTP/1.1 103 Early Hints\r\n\r\n${ok}`));
  const connection = await dial(peer.number);
  expect((await call(connection, 'Hello', 1)).value).toBe('ok');
  await connection.close();
});

test('a reply over the limit is given up while it arrives', async () => {
  const endless = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
  await using peer = await rawServer((_request, socket) => {
    socket.write(endless);
    const more = (): unknown =>
      socket.destroyed || socket.write(`3e8\r\n${'x'.repeat(1_000)}\r\n`, () => setImmediate(more));
    more();
  });
  const connection = await dial(peer.number, { maxMessageBytes: 10_000 });
  await expect(call(connection, 'Hello', 1)).rejects.toMatchObject({ code: 'ResourceExhausted', executed: 'yes' });
  await connection.close();
});

test('a refusal that comes before a large request is sent whole is the outcome', async () => {
  await using server = await serve({}, { maxMessageBytes: 10_000 });
  const connection = await dial(server.number, { maxMessageBytes: 64 * 1_024 * 1_024 });
  const large = call(connection, 'Hello', 'x'.repeat(32 * 1_024 * 1_024));
  await expect(large).rejects.toMatchObject({ code: 'ResourceExhausted', executed: 'no' });
  expect((await call(connection, 'Echo', 'after')).value).toBe('after');
  await connection.close();
});

test('a socket on which a refused request is stuck is given up, and its place is free', async () => {
  const refusal = reply('413 Content Too Large', '{"code":"ResourceExhausted","message":"m","executed":"no"}');
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const first = sockets.push(socket) === 1;
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.pause();
      socket.write(first ? refusal : ok);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connection = await dial(port, { maxSockets: 1, maxMessageBytes: 64 * 1_024 * 1_024 });
  const large = call(connection, 'Hello', 'x'.repeat(32 * 1_024 * 1_024));
  await expect(large).rejects.toMatchObject({ code: 'ResourceExhausted', executed: 'no' });
  expect((await call(connection, 'Hello', 1)).value).toBe('ok');
  await connection.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('a draining server sends its callers away, and their next connection is refused', async () => {
  await using server = await serve();
  const connection = await dial(server.number);
  await call(connection, 'Echo', 1);
  await server.listener.drain(new AbortController().signal);
  await expect(call(connection, 'Echo', 2)).rejects.toMatchObject({ code: 'Unavailable', executed: 'no' });
  await server.port.drain();
  await expect(call(connection, 'Echo', 3)).rejects.toMatchObject({ code: 'Unavailable', executed: 'no' });
  expect(server.received).toHaveLength(1);
  await connection.close();
});

test('a server that drains under load loses no call', async () => {
  await using server = await serve({
    'Greeter.Slow': () => new Promise((resolve) => setTimeout(resolve, 5, { value: 1, metadata: {} })),
  });
  const connections = await Promise.all(Array.from({ length: 20 }, () => dial(server.number)));
  let answered = 0;
  const refused: ServiceError[] = [];
  const client = async (connection: Connection): Promise<void> => {
    while (refused.length < 200) {
      await call(connection, 'Slow', 1).then(
        () => (answered += 1),
        (error: ServiceError) => refused.push(error),
      );
    }
  };
  const clients = connections.map(client);
  await until(() => answered > 100, 'the server was busy');
  await server.listener.drain(new AbortController().signal);
  // A connection that the system has accepted and the port has not is reset where the port closes just then.
  await Promise.all(clients);
  await server.port.drain();
  expect(server.received).toHaveLength(answered);
  expect(new Set(refused.map(({ code, executed }) => `${code} ${executed}`))).toEqual(new Set(['Unavailable no']));
  for (const connection of connections) await connection.close();
});

function dial(number: number, options: Parameters<typeof newTransport>[0] = {}): Promise<Connection> {
  return newTransport(options).dial(tenonNode(number), { service: 'greeter' });
}

function reply(status: string, body: string, header = '', type = 'application/json'): string {
  const lines = [`Content-Type: ${type}`, `Content-Length: ${body.length}`, ...(header === '' ? [] : [header])];
  return `HTTP/1.1 ${status}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

function everyOther(bytes: string, other: (socket: Socket) => void): (request: string, socket: Socket) => void {
  let count = 0;
  return (_request, socket) => {
    count += 1;
    if (count % 2 === 1) socket.write(bytes);
    else other(socket);
  };
}
