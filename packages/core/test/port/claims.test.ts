import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import type { ClaimedConnection } from '@tenon/contract';
import { peerIdentity } from '@tenon/contract/authoring';
import { describe, expect, test } from 'vitest';
import { pem } from '../../../../test/tls/test-tls.js';
import {
  bothWays,
  connectTo,
  drip,
  echo,
  get,
  http,
  http2,
  listenTo,
  type OpenPort,
  openPort,
  ownParser,
  textOf,
  until,
} from './port-under-test.js';

const grpc = (headers: IncomingHttpHeaders): boolean => String(headers['content-type']).startsWith('application/grpc');

describe.each(bothWays)('%s', (_way, tls) => {
  test('two claimants on HTTP/2, two on HTTP/1.1, one with a parser of its own, and one protocol share a port', async () => {
    const own: ClaimedConnection[] = [];
    const mine: ClaimedConnection[] = [];
    const claims = [http2('grpc', grpc), http2('web'), ownParser('micro-id', own), http(), echo('mux', '\0mux1', mine)];
    const port = await openPort(claims, {}, tls());

    const session = await http2To(port);
    expect(await ask(session, { 'content-type': 'application/grpc+json' })).toEqual([200, 'grpc']);
    expect(await ask(session, { 'content-type': 'application/json' })).toEqual([200, 'web']);
    session.close();

    expect(await conversation(port, get('/'))).toMatch(/\r\n\r\nhttp$/);
    const owned = await connectTo(port, 'http/1.1');
    const heard = listenTo(owned);
    owned.write(get('/1', 'Micro-Id: 1'));
    await until(() => heard.text.endsWith('own /1'), 'the first reply came');
    // The whole connection is the claimant's, also a request that does not look like its own.
    owned.write(get('/2', 'X: 1'));
    await until(() => heard.text.endsWith('own /2'), 'the second reply came');

    const muxed = await connectTo(port, 'mux');
    muxed.write('\0mux1 hello');
    const [bytes] = (await once(muxed, 'data')) as [Buffer];
    expect(bytes.toString()).toBe('\0mux1 hello');
    const encrypted = port.encrypted;
    expect(own).toMatchObject([{ encrypted, identity: undefined }]);
    expect(mine).toMatchObject([{ encrypted, identity: undefined, address: `127.0.0.1:${muxed.localPort}` }]);
  });

  test('the first bytes may come one by one, whatever the protocol', async () => {
    const claims = [http2(), ownParser('micro-id'), http(), echo('mux', 'PRO1')];
    const port = await openPort(claims, {}, tls());

    const muxed = await connectTo(port, 'mux');
    const echoed = listenTo(muxed);
    await drip(muxed, 'PRO1 sliced');
    await until(() => echoed.text === 'PRO1 sliced', 'all came back');

    const owned = await connectTo(port, 'http/1.1');
    const owner = listenTo(owned);
    await drip(owned, get('/x', 'Micro-Id: 1'));
    await until(() => owner.text.endsWith('own /x'), 'the claimant answered');

    const plain = await connectTo(port, 'http/1.1');
    const reply = textOf(plain);
    // P could still become HTTP/2's preface or PRO1.
    await drip(plain, get('/').replace('GET', 'PUT'));
    expect(await reply).toMatch(/\r\n\r\nhttp$/);

    const raw = await connectTo(port, 'h2');
    const frames = listenTo(raw);
    await drip(raw, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
    await until(() => frames.text.length >= 18, 'settings and their acknowledgement came');
    expect(frames.text.charCodeAt(3)).toBe(4);
  });

  test('a request that no HTTP/2 claim accepts is answered 404 in JSON, and one without a path 400', async () => {
    const port = await openPort([http2('grpc', grpc)], {}, tls());
    const session = await http2To(port);
    const [status, body] = await ask(session, {});
    expect([status, JSON.parse(body)]).toMatchObject([404, { code: 'NotFound', executed: 'no' }]);
    expect(body).toContain('grpc');
    const [bad, why] = await ask(session, { ':method': 'OPTIONS', ':path': '*' });
    expect([bad, JSON.parse(why).code]).toEqual([400, 'InvalidArgument']);
    session.close();
  });

  test('a claim sees the path byte for byte: nothing is decoded, folded or cut', async () => {
    const paths: unknown[] = [];
    const claim = {
      http2: { ...first(http2()), accepts: (headers: IncomingHttpHeaders) => paths.push(headers[':path']) > 0 },
    };
    const seen: unknown[] = [];
    const plain = { http: { ...firstHttp(), accepts: (request: IncomingMessage) => seen.push(request.url) > 0 } };
    const port = await openPort([claim, plain], {}, tls());
    const odd = ['//greeter//Hello', '/Greeter%2fHello', '/GREETER/hello', '/greeter;v=1/Hello', '/a/../b', '/%'];
    const session = await http2To(port);
    for (const path of odd) {
      await ask(session, { ':path': path });
      await conversation(port, get(path));
    }
    session.close();
    expect(paths).toEqual(odd);
    expect(seen).toEqual(odd);
  });

  test('a claim that throws costs its own connection or request alone', async () => {
    const bad = (): never => {
      throw new Error('secret=1');
    };
    const claims = [
      {
        http2: { name: 'bad', accepts: (headers: IncomingHttpHeaders) => headers['x-bad'] !== undefined, handle: bad },
      },
      http2(),
      {
        httpConnection: {
          name: 'bad',
          accepts: ({ path }: { path: string }) => (path === '/throws' ? bad() : false),
          handle: bad,
        },
      },
      { httpConnection: { name: 'bad', accepts: ({ path }: { path: string }) => path === '/bad', handle: bad } },
      http(),
      { connection: { name: 'bad', firstBytes: Buffer.from('bad!'), alpn: 'bad', handle: bad } },
    ];
    const port = await openPort(claims, {}, tls());
    const session = await http2To(port);
    const [status, body] = await ask(session, { 'x-bad': '1' });
    expect([status, JSON.parse(body).code]).toEqual([500, 'Internal']);
    expect(body).not.toContain('secret');
    expect(await ask(session, {})).toEqual([200, 'http2']);
    session.close();
    expect(await conversation(port, get('/bad'))).toBe('');
    expect(await conversation(port, get('/throws'))).toMatch(/\r\n\r\nhttp$/);
    const broken = await connectTo(port, 'bad');
    broken.write('bad!');
    expect(await textOf(broken)).toBe('');
    expect(await conversation(port, get('/good'))).toMatch(/\r\n\r\nhttp$/);
    expect(port.logger.lines.filter(({ message }) => message === 'a claim of the port threw')).toHaveLength(4);
  });

  test('a claimed connection ends where the peer ends it, without help from its claimant', async () => {
    const port = await openPort([echo('mux'), ownParser('micro-id')], {}, tls());
    const muxed = await connectTo(port, 'mux');
    muxed.write('mux!');
    await once(muxed, 'data');
    muxed.end();
    const owned = await connectTo(port, 'http/1.1');
    owned.write(get('/', 'Micro-Id: 1'));
    await once(owned, 'data');
    owned.end();
    await port.port.drain();
    expect(port.port.closed).toBe(true);
  });
});

test('a claimant that listens later, or pauses, misses nothing', async () => {
  const taken: ClaimedConnection[] = [];
  const handle = (connection: ClaimedConnection): void => void taken.push(connection);
  const port = await openPort([
    { connection: { name: 'late', firstBytes: Buffer.from('late'), alpn: 'late', handle } },
  ]);
  const socket = await connectTo(port);
  await drip(socket, 'late but');
  await until(() => taken.length === 1, 'it was handed over');
  socket.write(' whole');
  await new Promise((resolve) => setImmediate(resolve));
  const [connection] = taken;
  connection?.socket.pause();
  await new Promise((resolve) => setImmediate(resolve));
  let read = '';
  connection?.socket.on('data', (chunk: Buffer) => {
    read += chunk.toString();
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(read).toBe('');
  connection?.socket.resume();
  await until(() => read === 'late but whole', 'everything was read');
});

test('under TLS a peer that names no protocol is taken for HTTP/1.1, and the claims are named best first', async () => {
  const port = await openPort([http(), http2(), echo('mux')], {}, bothWays[1]?.[1]());
  const silent = await connectTo(port);
  const reply = textOf(silent);
  silent.write(get('/'));
  expect(await reply).toMatch(/\r\n\r\nhttp$/);
  const all = await connectTo(port, undefined, { ALPNProtocols: ['http/1.1', 'h2', 'mux'] });
  expect((all as unknown as { alpnProtocol: string }).alpnProtocol).toBe('mux');
  const web = await connectTo(port, undefined, { ALPNProtocols: ['http/1.1', 'h2'] });
  expect((web as unknown as { alpnProtocol: string }).alpnProtocol).toBe('h2');
});

test('an HTTP claim reads who the peer is off the socket of its request', async () => {
  const identities: unknown[] = [];
  const handle = (request: { socket: Socket }, response: { end(): void }): void => {
    identities.push(peerIdentity(request.socket));
    response.end();
  };
  const port = await openPort([{ http: { name: 'who', accepts: () => true, handle } }]);
  await conversation(port, get('/'));
  expect(identities).toEqual([undefined]);
});

function first(claim: ReturnType<typeof http2>) {
  if (!('http2' in claim)) throw new Error('it is a claim on HTTP/2');
  return claim.http2;
}

function firstHttp() {
  const claim = http();
  if (!('http' in claim)) throw new Error('it is a claim on HTTP/1.1');
  return claim.http;
}

async function http2To(port: OpenPort): Promise<ClientHttp2Session> {
  const session = connectHttp2(`${port.encrypted ? 'https' : 'http'}://127.0.0.1:${port.number}`, { ca: pem('ca') });
  await once(session, 'connect');
  return session;
}

async function ask(
  session: ClientHttp2Session,
  headers: IncomingHttpHeaders,
): Promise<[status: unknown, body: string]> {
  const stream = session.request({ ':path': '/', ...headers });
  let status: unknown;
  stream.on('response', (response) => {
    status = response[':status'];
  });
  let body = '';
  for await (const chunk of stream) body += String(chunk);
  return [status, body];
}

async function conversation(port: OpenPort, bytes: string): Promise<string> {
  const socket = await connectTo(port, 'http/1.1');
  const text = textOf(socket);
  socket.write(bytes);
  return text;
}
