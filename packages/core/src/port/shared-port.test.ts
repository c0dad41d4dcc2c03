import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import type { HttpClaim } from '@tenon/contract';
import { afterEach, expect, test } from 'vitest';
import { SharedPort } from './shared-port.js';
import type { SharedPortOptions } from './shared-port-options.js';

const ports: SharedPort[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const port of ports.splice(0)) await port.close();
});

test('a port without a claim opens no socket', async () => {
  const port = newPort();
  expect(await port.open()).toBeUndefined();
  expect(port.address).toBeUndefined();
  await port.drain();
  await port.close();
});

test('the address is the one that the system gave, and is gone after close', async () => {
  const { port, number } = await opened(answering('ok'));
  expect(port.address).toEqual({ host: '127.0.0.1', port: number });
  expect(number).toBeGreaterThan(0);
  await port.close();
  expect(port.address).toBeUndefined();
});

test('a request goes to the first claim that accepts it', async () => {
  const first: HttpClaim = { ...answering('first'), accepts: (request) => request.url === '/first' };
  const { number } = await opened(first, answering('second'));
  expect((await ask(number, get('/first'))).body).toBe('first');
  expect((await ask(number, get('/other'))).body).toBe('second');
});

test('a request that no claim accepts is answered 404 in JSON', async () => {
  const { number } = await opened({ ...answering('never'), accepts: () => false });
  const reply = await ask(number, get('/x'));
  expect(reply.status).toBe(404);
  expect(JSON.parse(reply.body)).toMatchObject({ code: 'NotFound', executed: 'no' });
  expect(reply.body).toContain('test-claim');
});

test('a claim that throws costs its own request alone', async () => {
  const throwing: HttpClaim = {
    name: 'throwing',
    accepts: (request) => request.url === '/bad',
    handle: () => {
      throw new Error('secret=1');
    },
  };
  const { number } = await opened(throwing, answering('good'));
  const reply = await ask(number, get('/bad'));
  expect([reply.status, JSON.parse(reply.body).code]).toEqual([500, 'Internal']);
  expect(reply.body).not.toContain('secret');
  expect((await ask(number, get('/good'))).body).toBe('good');
});

test('a port in use is named, with the mend', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port: number } = taken.address() as { port: number };
  const port = newPort({ port: number });
  port.claimHttp(answering('ok'));
  const error = await port.open().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'FailedPrecondition', executed: 'no' });
  expect(String(error)).toContain(`127.0.0.1:${number}`);
  expect(String(error)).toContain('choose another port');
  expect(port.closed).toBe(true);
  await port.close();
  taken.close();
});

test('an address of another machine is refused with the mend', async () => {
  const port = newPort({ host: '192.0.2.1' });
  port.claimHttp(answering('ok'));
  await expect(port.open()).rejects.toMatchObject({ code: 'FailedPrecondition' });
});

test('claims come before opening, and a port is opened once', async () => {
  const { port } = await opened(answering('ok'));
  expect(() => port.claimHttp(answering('late'))).toThrow(/too late/);
  await expect(port.open()).rejects.toMatchObject({ code: 'FailedPrecondition' });
  await port.close();
  await port.close();
  await expect(port.open()).rejects.toMatchObject({ code: 'FailedPrecondition' });
});

test('a port closed while it opens does not stay open', async () => {
  const port = newPort();
  port.claimHttp(answering('ok'));
  const opening = port.open().catch((thrown: unknown) => thrown);
  await port.close();
  expect(await opening).toMatchObject({ code: 'FailedPrecondition' });
  expect(port.address).toBeUndefined();
});

test.each([
  ['no HTTP at all', 'hello\r\n\r\n'],
  ['two lengths', post('Content-Length: 3\r\nContent-Length: 4', 'abcd')],
  ['the same length twice', post('Content-Length: 3\r\nContent-Length: 3', 'abc')],
  ['a length and chunks', post('Content-Length: 3\r\nTransfer-Encoding: chunked', '0\r\n\r\n')],
  ['chunks and something after them', post('Transfer-Encoding: chunked, identity', '0\r\n\r\n')],
  ['a folded header', post('X-A: b\r\n c\r\nContent-Length: 0', '')],
  ['a line feed alone', 'POST / HTTP/1.1\nHost: a\nContent-Length: 0\n\n'],
  ['white space before the colon', post('X-A : b\r\nContent-Length: 0', '')],
  ['a NUL in a header', post('X-A: b\u0000c\r\nContent-Length: 0', '')],
  ['a carriage return in a header', post('X-A: b\rc\r\nContent-Length: 0', '')],
  ['a byte beyond ASCII in the path', 'POST /\u00e9 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ["HTTP/2's preface", 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
])('%s is answered 400 in JSON, never reaches a claim, and the connection is closed', async (_name, bytes) => {
  let reached = 0;
  const { number } = await opened({ ...answering('ok'), handle: () => (reached += 1) });
  const reply = await ask(number, bytes);
  expect(reply.status).toBe(400);
  expect(reply.head).toContain('Connection: close');
  expect(JSON.parse(reply.body)).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
  expect(reached).toBe(0);
});

test('a body that breaks the rules of chunks is answered 400, and never ends for its claim', async () => {
  const { number } = await opened(collecting());
  const reply = await ask(number, post('Transfer-Encoding: chunked', '1\nA\r\n0\r\n\r\n'));
  expect([reply.status, JSON.parse(reply.body).code]).toEqual([400, 'InvalidArgument']);
});

test('a request behind which comes garbage is still answered, then the connection is closed', async () => {
  const later = (_request: IncomingMessage, response: ServerResponse): void => {
    setTimeout(() => response.end('ok'), 20);
  };
  const { number } = await opened({ ...answering(''), handle: later });
  const text = await conversation(number, `${get('/', 'keep-alive')}garbage\r\n\r\n`);
  expect(text).toMatch(/^HTTP\/1\.1 200[\s\S]*\r\n\r\nok$/);
});

test('a head of 10 KiB is served, one over the limit of 16 KiB is answered 431', async () => {
  const { number } = await opened(answering('ok'));
  const large = (kib: number): string => get('/', `close\r\nX-Large: ${'x'.repeat(kib * 1_024)}`);
  expect((await ask(number, large(10))).body).toBe('ok');
  const reply = await ask(number, large(17));
  expect([reply.status, JSON.parse(reply.body)]).toMatchObject([431, { code: 'ResourceExhausted', executed: 'no' }]);
});

test('more header lines than the limit are answered 431, not dropped', async () => {
  const { number } = await opened(answering('ok'));
  const lines = (count: number): string => Array.from({ length: count }, (_, i) => `\r\nX-${i}: a`).join('');
  expect((await ask(number, get('/', `close${lines(98)}`))).status).toBe(200);
  const reply = await ask(number, get('/', `close${lines(99)}`));
  expect([reply.status, JSON.parse(reply.body).code]).toEqual([431, 'ResourceExhausted']);
  const counting: HttpClaim = {
    ...answering(''),
    handle: (request, response) => response.end(String(Object.keys(request.headers).length)),
  };
  const wide = await opened({ options: { maxHeaders: 2_000, maxHeaderBytes: 64 * 1_024 } }, counting);
  expect((await ask(wide.number, get('/', `close${lines(1_500)}`))).body).toBe('1502');
});

test('a peer that connects and says nothing is closed after the headers timeout', async () => {
  const { number } = await opened({ options: { headersTimeoutMs: 100 } }, answering('ok'));
  const reply = await ask(number, '');
  expect(reply.status).toBe(408);
});

test.each([
  ['its head', 'GET / HTTP/1.1\r\nX'],
  ['its body', post('Content-Length: 1000000', '')],
])('a peer that drips %s is closed after its time', async (_name, beginning) => {
  const { number } = await opened({ options: { headersTimeoutMs: 100, requestTimeoutMs: 200 } }, collecting());
  const socket = connectTo(number);
  const drip = setInterval(() => socket.write('X'), 20);
  socket.write(beginning);
  const text = await textOf(socket);
  clearInterval(drip);
  expect(text).toContain('HTTP/1.1 408');
});

test('a peer that does not take its reply is cut off', async () => {
  const replies: ServerResponse[] = [];
  const large = 'x'.repeat(32 * 1_024 * 1_024);
  const handle = (_request: IncomingMessage, response: ServerResponse): void => {
    replies.push(response);
    response.end(large);
  };
  const { number } = await opened({ options: { replyTimeoutMs: 100 } }, { ...answering(''), handle });
  const socket = connectTo(number);
  socket.on('error', () => {});
  socket.write(get('/', 'keep-alive'));
  await until(() => replies[0]?.closed === true);
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await new Promise((resolve) => socket.once('close', resolve));
  expect(bytes).toBeLessThan(large.length);
});

test('the port keeps an idle connection longer than it says', async () => {
  const { number } = await opened({ options: { keepAliveMs: 1_000 } }, answering('ok'));
  const socket = connectTo(number);
  const start = performance.now();
  socket.write(get('/', 'keep-alive'));
  const text = await textOf(socket);
  expect(text).toContain('Keep-Alive: timeout=1\r\n');
  expect(performance.now() - start).toBeGreaterThanOrEqual(1_900);
});

test('Expect: 100-continue is met, unless the body is over the limit', async () => {
  const { number } = await opened({ options: { maxMessageBytes: 100 } }, collecting());
  const socket = connectTo(number);
  socket.write(post('Expect: 100-continue\r\nContent-Length: 3\r\nConnection: close', ''));
  const [first] = (await once(socket, 'data')) as [Buffer];
  expect(first.toString()).toContain('HTTP/1.1 100 Continue');
  socket.write('abc');
  expect(await textOf(socket)).toContain('abc');
  const refused = await ask(number, post('Expect: 100-continue\r\nContent-Length: 101', ''));
  expect([refused.status, JSON.parse(refused.body).code]).toEqual([413, 'ResourceExhausted']);
});

test('any other expectation is answered 417, and CONNECT 405', async () => {
  const { number } = await opened(answering('ok'));
  expect((await ask(number, post('Expect: tea\r\nContent-Length: 0\r\nConnection: close', ''))).status).toBe(417);
  expect((await ask(number, 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n')).status).toBe(405);
});

test('a peer that asks for a tunnel and then stays, or resets, costs nothing', async () => {
  const { number } = await opened(answering('ok'));
  const staying = connect({ port: number, host: '127.0.0.1', allowHalfOpen: true });
  staying.on('error', () => {});
  sockets.push(staying);
  staying.write('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
  staying.resume();
  const resetting = connectTo(number);
  resetting.write('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(resetting, 'data');
  resetting.resetAndDestroy();
  await until(() => staying.readableEnded);
  // Writing fails once the port has let go of it.
  await until(() => staying.destroyed || (staying.write('x') && false));
  expect((await ask(number, get('/'))).body).toBe('ok');
});

test('pipelined requests are answered in order, too many of them cut the connection', async () => {
  const slowThenFast: HttpClaim = {
    ...answering(''),
    handle: (request, response) => setTimeout(() => response.end(request.url), request.url === '/1' ? 50 : 0),
  };
  const { number } = await opened({ options: { maxPipelined: 3 } }, slowThenFast);
  const text = await conversation(number, get('/1', 'keep-alive') + get('/2', 'keep-alive') + get('/3'));
  expect(text.match(/\/[123]$|\/[123](?=HTTP)/gm)).toEqual(['/1', '/2', '/3']);
  const four = await conversation(number, get('/1', 'keep-alive').repeat(3) + get('/4'));
  expect(four).not.toContain('/4');
});

test('connections over the limit are closed at once', async () => {
  const { number } = await opened({ options: { maxConnections: 1 } }, answering('ok'));
  const first = connectTo(number);
  await once(first, 'connect');
  first.write(get('/', 'keep-alive'));
  await once(first, 'data');
  expect(await conversation(number, get('/'))).toBe('');
});

test('drain answers what is under way with Connection: close, and resolves then', async () => {
  const held: ServerResponse[] = [];
  const { port, number } = await opened({ ...answering(''), handle: (_request, response) => held.push(response) });
  const reply = ask(number, get('/', 'keep-alive'));
  await until(() => held.length === 1);
  let drained = false;
  const drain = port.drain().then(() => {
    drained = true;
  });
  const outcome = (): Promise<unknown> => conversation(number, '').catch(({ code }: NodeJS.ErrnoException) => code);
  while ((await outcome()) !== 'ECONNREFUSED');
  expect(drained).toBe(false);
  held[0]?.end('late');
  expect(await reply).toMatchObject({ status: 200, body: 'late' });
  expect((await reply).head).toContain('Connection: close');
  await drain;
});

test('a request that arrives on an idle connection during drain is answered and told to go', async () => {
  const { port, number } = await opened({ options: { drainGraceMs: 10_000 } }, answering('ok'));
  const socket = connectTo(number);
  socket.write(get('/', 'keep-alive'));
  await once(socket, 'data');
  const drain = port.drain();
  socket.write(get('/', 'keep-alive'));
  const text = await textOf(socket);
  expect(text).toContain('HTTP/1.1 200');
  expect(text).toContain('Connection: close');
  await drain;
});

test('idle connections end cleanly after the grace, and drain resolves', async () => {
  const { port, number } = await opened({ options: { drainGraceMs: 50 } }, answering('ok'));
  const socket = connectTo(number);
  socket.write(get('/', 'keep-alive'));
  await once(socket, 'data');
  const ended = once(socket, 'end');
  await port.drain();
  await ended;
});

test('close cuts off what is under way, also while draining', async () => {
  const { port, number } = await opened({ ...answering(''), handle: () => {} });
  const socket = connectTo(number);
  socket.on('error', () => {});
  socket.write(get('/', 'keep-alive'));
  await once(socket, 'connect');
  const drain = port.drain();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await port.close();
  await drain;
  await closed;
});

function newPort(options: Partial<SharedPortOptions> = {}): SharedPort {
  const port = new SharedPort({ instance: 'test', ...options });
  ports.push(port);
  return port;
}

async function opened(
  ...parts: readonly (HttpClaim | { readonly options: Partial<SharedPortOptions> })[]
): Promise<{ readonly port: SharedPort; readonly number: number }> {
  const port = newPort(parts.find((part) => 'options' in part)?.options);
  for (const part of parts) if (!('options' in part)) port.claimHttp(part);
  const address = await port.open();
  return { port, number: address?.port ?? 0 };
}

function answering(body: string): HttpClaim {
  return { name: 'test-claim', accepts: () => true, handle: (_request, response) => response.end(body) };
}

function collecting(): HttpClaim {
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => response.end(Buffer.concat(chunks)));
  };
  return { ...answering(''), handle };
}

function get(path: string, connection = 'close'): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: ${connection}\r\n\r\n`;
}

function post(headers: string, body: string): string {
  return `POST / HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n${body}`;
}

function connectTo(number: number): Socket {
  const socket = connect(number, '127.0.0.1');
  sockets.push(socket);
  return socket;
}

async function textOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

function conversation(number: number, bytes: string): Promise<string> {
  const socket = connectTo(number);
  socket.write(Buffer.from(bytes, 'latin1'));
  return textOf(socket);
}

async function ask(number: number, bytes: string): Promise<{ status: number; head: string; body: string }> {
  const text = await conversation(number, bytes);
  const end = text.indexOf('\r\n\r\n');
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), head: text.slice(0, end), body: text.slice(end + 4) };
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('the condition did not come true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
