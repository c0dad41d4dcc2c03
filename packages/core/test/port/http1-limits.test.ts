import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import {
  type AnyClaim,
  bothWays,
  connectTo,
  echo,
  get,
  http,
  http2,
  listenTo,
  openPort,
  textOf,
  until,
} from './port-under-test.js';

// Node starts what these tests prove only when a server listens, and the port's HTTP server never does. Other claims
// stand beside it, so that each connection is sniffed, and under TLS chosen by ALPN, before the server gets it.
describe.each(bothWays)('HTTP/1.1 %s', (_way, tls) => {
  test('a head that does not end is answered 408 after the headers timeout, though it drips', async () => {
    const port = await openPort(beside(http()), { headersTimeoutMs: 150 }, tls());
    const socket = await connectTo(port, 'http/1.1');
    const reply = textOf(socket);
    socket.write('GET / HTTP/1.1\r\nX: ');
    const drip = setInterval(() => socket.write('x'), 20);
    expect(await reply).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(drip);
  });

  test('the head of a second request has its headers timeout too', async () => {
    const port = await openPort(beside(http()), { headersTimeoutMs: 150 }, tls());
    const socket = await connectTo(port, 'http/1.1');
    socket.write(get('/', 'X: 1'));
    await once(socket, 'data');
    const reply = textOf(socket);
    socket.write('GET / HTTP/1.1\r\nX: ');
    expect(await reply).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('a body that does not end is cut off after the request timeout', async () => {
    const requests: IncomingMessage[] = [];
    const port = await openPort(beside(held(requests)), { headersTimeoutMs: 100, requestTimeoutMs: 250 }, tls());
    const socket = await connectTo(port, 'http/1.1');
    const reply = textOf(socket);
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n');
    const drip = setInterval(() => socket.write('x'), 20);
    expect(await reply).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(drip);
    await until(() => requests[0]?.destroyed === true, 'its claimant was told');
  });

  test('a thousand peers that drip heads and bodies are cut off, and others are served meanwhile', async () => {
    const port = await openPort(beside(http()), { headersTimeoutMs: 500, requestTimeoutMs: 1_000 }, tls());
    const peers = await Promise.all(Array.from({ length: 1_000 }, () => connectTo(port, 'http/1.1')));
    for (const [index, peer] of peers.entries()) {
      // It does not go when it is told to.
      (peer as { allowHalfOpen: boolean }).allowHalfOpen = true;
      peer.on('error', () => {});
      peer.resume();
      const head =
        index % 2 === 0 ? 'GET / HTTP/1.1\r\nX: ' : 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n';
      peer.write(head);
    }
    const drip = setInterval(() => {
      for (const peer of peers) if (!peer.closed) peer.write('x');
    }, 50);
    let served = 0;
    try {
      for (const end = performance.now() + 10_000; peers.some(({ closed }) => !closed); served += 1) {
        if (performance.now() > end) throw new Error('some are still connected');
        const socket = await connectTo(port, 'http/1.1');
        const reply = textOf(socket);
        socket.write(get('/'));
        expect(await reply).toMatch(/\r\n\r\nhttp$/);
      }
    } finally {
      clearInterval(drip);
    }
    expect(served).toBeGreaterThan(0);
  });

  test('an idle connection is ended after the keep-alive time that the peer was told', async () => {
    const port = await openPort(beside(http()), { keepAliveMs: 1_000 }, tls());
    const socket = await connectTo(port, 'http/1.1');
    const heard = listenTo(socket);
    socket.write(get('/', 'X: 1'));
    await until(() => heard.text.endsWith('http'), 'the reply came');
    expect(heard.text).toContain('Keep-Alive: timeout=1\r\n');
    expect(heard.ended).toBe(false);
    await until(() => heard.ended, 'the port ended it');
  });

  test('a peer that leaves its reply untaken is cut off', async () => {
    const responses: ServerResponse[] = [];
    const whole = 32 * 1_024 * 1_024;
    const handle = (_request: IncomingMessage, response: ServerResponse): void => {
      responses.push(response);
      response.end(Buffer.alloc(whole));
    };
    const port = await openPort(beside(claim(handle)), { replyTimeoutMs: 150 }, tls());
    const socket = await connectTo(port, 'http/1.1');
    socket.write(get('/', 'X: 1'));
    await until(() => responses[0]?.closed === true, 'the reply was given up');
    expect((await textOf(socket)).length).toBeLessThan(whole);
  });

  test('connections over the limit are closed at once, and a closed one makes room', async () => {
    const port = await openPort(beside(http()), { maxConnections: 1 }, tls());
    const first = await connectTo(port, 'http/1.1');
    first.write(get('/', 'X: 1'));
    await once(first, 'data');
    const refused = await connectTo(port, 'http/1.1').then(textOf, () => '');
    expect(refused).toBe('');
    first.destroy();
    let reply = '';
    for (let attempt = 0; reply === '' && attempt < 100; attempt += 1) {
      const next = await connectTo(port, 'http/1.1').catch(() => undefined);
      next?.write(get('/'));
      reply = next === undefined ? '' : await textOf(next);
    }
    expect(reply).toMatch(/\r\n\r\nhttp$/);
  });

  test('a peer that leaves ends every request that it had sent ahead, those too whose turn had not come', async () => {
    let [begun, ended] = [0, 0];
    const handle = (_request: IncomingMessage, response: ServerResponse): void => {
      begun += 1;
      response.on('close', () => {
        ended += 1;
      });
      // The first is not answered; the others are, and wait behind it.
      if (begun > 1) response.end('done');
    };
    const port = await openPort(beside(claim(handle)), {}, tls());
    const socket = await connectTo(port, 'http/1.1');
    socket.write(get('/', 'X: 1').repeat(20));
    await until(() => begun === 20, 'all were read');
    socket.destroy();
    await until(() => ended === 20, 'all have ended');
  });

  test('a head that came with the first bytes, and all that came behind it, is served once and in order', async () => {
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => response.end(`${request.url}:${body};`));
    };
    const port = await openPort(beside(claim(handle)), {}, tls());
    const socket = await connectTo(port, 'http/1.1');
    const reply = textOf(socket);
    const post = 'POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n';
    socket.write(`${get('/1', 'X: 1')}${post}${'b'.repeat(70_000)}${get('/3')}`);
    const bodies = (await reply).split(/HTTP\/1\.1 200 OK[\s\S]*?\r\n\r\n/).join('');
    expect(bodies).toBe(`/1:;/2:${'b'.repeat(70_000)};/3:;`);
  });
});

function beside(own: AnyClaim): readonly AnyClaim[] {
  return [own, http2(), echo('mux')];
}

function claim(handle: (request: IncomingMessage, response: ServerResponse) => void): AnyClaim {
  return { http: { name: 'test', accepts: () => true, handle } };
}

function held(requests: IncomingMessage[]): AnyClaim {
  return claim((request) => {
    request.on('error', () => {});
    request.resume();
    requests.push(request);
  });
}
