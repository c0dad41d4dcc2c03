import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { HttpClaim } from '@tenon/contract';
import { tlsDialError } from '@tenon/contract/authoring';
import { describe, expect, test } from 'vitest';
import {
  bothWays,
  connectClear,
  connectTo,
  echo,
  get,
  http,
  http2,
  listenTo,
  type OpenPort,
  openPort,
  ownParser,
  serverTls,
  textOf,
  until,
} from './port-under-test.js';
import { RawHttp2 } from './raw-http2.js';

describe.each(bothWays)('%s', (_way, tls) => {
  test('HTTP to a port that has another protocol alone is refused, and told so', async () => {
    const port = await openPort([echo('mux')], {}, tls());
    const socket = await connectTo(port);
    const reply = textOf(socket);
    socket.write(get('/'));
    const text = await reply;
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('mux');
    expect(complaints(port)).toEqual(['a peer spoke a protocol that is not served here']);
  });

  test.each([
    ['without a host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['with too many lines', `GET / HTTP/1.1\r\nHost: a\r\n${'X: 1\r\n'.repeat(200)}\r\n`, 431],
    [
      'of too many bytes',
      'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n',
      413,
    ],
  ])('a request %s is refused, and nothing is served that came behind it', async (_what, request, status) => {
    const served: (string | undefined)[] = [];
    const handle: HttpClaim['handle'] = (arrived, response) => {
      served.push(arrived.url);
      response.end('served');
    };
    const port = await openPort([{ http: { name: 'http', accepts: () => true, handle } }], {}, tls());
    const socket = await connectTo(port, 'http/1.1');
    const reply = textOf(socket);
    socket.write(`${request}${get('/behind')}`);
    const text = await reply;
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(served).toEqual([]);
  });

  test('random bytes are refused at once on every protocol, with one line in the log', async () => {
    const port = await openPort([http(), http2(), ownParser('micro-id'), echo('mux')], {}, tls());
    for (let round = 0; round < 50; round += 1) {
      const bytes = randomBytes(1_024);
      for (const alpn of port.encrypted ? ['http/1.1', 'h2'] : [undefined]) {
        const socket = await connectTo(port, alpn);
        socket.on('end', () => socket.end());
        socket.resume();
        socket.write(bytes);
        await until(() => socket.closed, `a connection that began with ${bytes.toString('hex', 0, 16)} was closed`);
      }
      const clear = await connectClear(port);
      clear.on('end', () => clear.end());
      clear.resume();
      clear.write(bytes);
      await until(() => clear.closed, `a connection that began with ${bytes.toString('hex', 0, 16)} was closed`);
    }
    expect(complaints(port).length).toBeLessThanOrEqual(6);
    const good = await connectTo(port, 'http/1.1');
    const reply = textOf(good);
    good.write(get('/'));
    expect(await reply).toMatch(/\r\n\r\nhttp$/);
  });

  test('a silent peer is closed after the handshake timeout, told why where HTTP/1.1 is spoken', async () => {
    const served = await openPort([http(), http2()], { handshakeTimeoutMs: 100 }, tls());
    const silent = await connectClear(served);
    const reply = await textOf(silent);
    expect(reply).toMatch(served.encrypted ? /^$/ : /^HTTP\/1\.1 408 /);
    const muxed = await openPort([echo('mux')], { handshakeTimeoutMs: 100 }, tls());
    expect(await textOf(await connectClear(muxed))).toBe('');
  });

  test('a peer that drips its first bytes has no more time than one that is silent', async () => {
    const port = await openPort([echo('mux', '123456789012345678901234')], { handshakeTimeoutMs: 200 }, tls());
    const socket = await connectClear(port);
    socket.on('end', () => socket.end());
    socket.resume();
    const bytes = port.encrypted ? '\x16' : '123456789012345678901234';
    let sent = 0;
    const drip = setInterval(() => {
      if (sent < bytes.length) socket.write(bytes[sent++] ?? '');
    }, 100);
    await until(() => socket.closed, 'it was closed');
    clearInterval(drip);
    expect(sent).toBeLessThan(24);
  });

  test('an HTTP/1.1 connection with a claim on it that never ends its head is answered 408', async () => {
    const port = await openPort([ownParser('micro-id')], { headersTimeoutMs: 200 }, tls());
    const socket = await connectTo(port, 'http/1.1');
    const reply = textOf(socket);
    socket.write('GET / HTTP/1.1\r\n');
    const drip = setInterval(() => socket.write('X: 1\r\n'), 50);
    expect(await reply).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(drip);
  });

  test('a head that no claim can judge is left to the HTTP server, which says why', async () => {
    const port = await openPort([ownParser('micro-id')], {}, tls());
    const replies: string[] = [];
    for (const bytes of [
      'GET / HTTP/1.1\nMicro-Id: 1\n\n',
      'POST / HTTP/1.1\r\nHost: a\r\nMicro-Id: 1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: a\r\nMicro-Id: ${'x'.repeat(17 * 1_024)}\r\n\r\n`,
      get('/nothing'),
    ]) {
      const socket = await connectTo(port, 'http/1.1');
      const reply = textOf(socket);
      socket.write(bytes);
      replies.push((await reply).slice(9, 12));
    }
    expect(replies).toEqual(['400', '400', '431', '404']);
  });

  test('a thousand connections are held at the limit, one more is closed at once, and each that leaves makes room', async () => {
    const port = await openPort([http(), echo('mux')], { maxConnections: 1_000, handshakeTimeoutMs: 60_000 }, tls());
    const sockets = await Promise.all(Array.from({ length: 1_000 }, () => clearConnection(port)));
    const over = await clearConnection(port);
    await until(() => over.closed, 'the one over the limit was closed');
    expect(sockets.filter((socket) => socket.closed)).toHaveLength(0);
    sockets[0]?.destroy();
    let served = '';
    const end = performance.now() + 5_000;
    while (served === '' && performance.now() < end) {
      const socket = await connectTo(port, 'http/1.1').catch(() => undefined);
      if (socket === undefined) continue;
      const reply = textOf(socket);
      socket.write(get('/'));
      served = await reply;
    }
    expect(served).toMatch(/\r\n\r\nhttp$/);
    await port.port.close();
    await until(() => sockets.every((socket) => socket.closed), 'all were closed');
  });
});

test('TLS to a port in the clear is closed, and the log says so once', async () => {
  for (const claims of [[http(), http2()], [echo('mux')]]) {
    const port = await openPort(claims);
    for (let time = 0; time < 3; time += 1) {
      const socket = connectTls({ port: port.number, host: '127.0.0.1' });
      const [error] = (await once(socket, 'error')) as [Error];
      const meant = tlsDialError(error, { host: '127.0.0.1', service: 'greeter', alpn: 'h2' });
      expect(meant).toMatchObject({ code: 'Unavailable', executed: 'no' });
      expect(meant?.message).toContain('may not speak TLS');
    }
    expect(port.logger.complaints).toMatchObject([{ fields: { cause: 'TLS, and this port is in the clear' } }]);
  }
});

test('HTTP in the clear to a port under TLS is answered that it speaks TLS', async () => {
  const port = await openPort([http(), http2(), echo('mux')], {}, serverTls());
  const plain = await connectClear(port);
  const reply = textOf(plain);
  plain.write(get('/'));
  const text = await reply;
  expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  const body = JSON.parse(text.slice(text.indexOf('\r\n\r\n')));
  expect(body).toEqual({ code: 'InvalidArgument', executed: 'no', message: expect.stringContaining('https://') });

  const raw = new RawHttp2(await connectClear(port));
  await until(() => raw.closed, 'the connection was closed');
  expect(raw.goAway).toEqual({ last: 0, code: 0xc, reason: expect.stringContaining('TLS only') });

  const muxed = await connectClear(port);
  const nothing = textOf(muxed);
  muxed.write('mux!');
  expect(await nothing).toBe('');
  expect(port.logger.complaints.map(({ fields }) => String(fields['cause']).slice(0, 4))).toEqual(['this', 'mux:']);
});

test('HTTP/2 is offered only where somebody claims it, and HTTP/1.1 likewise', async () => {
  const muxOnly = await openPort([echo('mux')]);
  const raw = new RawHttp2(await connectTo(muxOnly));
  await until(() => raw.closed, 'the connection was closed');
  expect(raw.goAway).toEqual({ last: 0, code: 0x1, reason: 'this port speaks mux only' });

  const noWeb = await openPort([http2(), echo('mux')], {}, serverTls());
  await expect(connectTo(noWeb, 'http/1.1')).rejects.toMatchObject({
    code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
  });
  const unnamed = await connectTo(noWeb);
  expect(await textOf(unnamed)).toContain('this port speaks mux, h2');
  const noHttp2 = await openPort([http(), echo('mux')], {}, serverTls());
  await expect(connectTo(noHttp2, 'h2')).rejects.toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' });
  expect(complaints(noHttp2)).toEqual(['a TLS handshake failed']);
});

test('a peer that begins a TLS handshake and goes no further is closed after the handshake timeout', async () => {
  const port = await openPort([http()], { handshakeTimeoutMs: 100 }, serverTls());
  const socket = await connectClear(port);
  const heard = listenTo(socket);
  socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));
  await until(() => heard.ended, 'it was closed');
  expect(port.logger.complaints).toMatchObject([{ fields: { cause: 'ERR_TLS_HANDSHAKE_TIMEOUT' } }]);
});

function complaints(port: OpenPort): readonly string[] {
  return port.logger.complaints.map(({ message }) => message);
}

/** A bare connection that says nothing, whatever the port speaks. */
async function clearConnection(port: OpenPort): Promise<Socket> {
  const socket = connect(port.number, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'connect');
  return socket;
}
