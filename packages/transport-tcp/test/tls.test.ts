import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { type ClosableTransport, newTransport, testTls } from './fixture.js';
import { plainFramesOf, preamble, RawClient, rawFrame, rawGreeting, rawName } from './raw-peer.js';
import { call, failure, Serving, until } from './serving.js';

const closings: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

async function serve(options: Parameters<typeof Serving.start>[1]): Promise<Serving> {
  const serving = await Serving.start({}, options);
  closings.push(() => serving.close());
  return serving;
}

function dialler(name?: string, more = {}): ClosableTransport {
  const transport = newTransport(name === undefined ? {} : { tls: testTls(name, more) });
  closings.push(() => transport.close());
  return transport;
}

describe('under TLS', () => {
  test('each knows the other: the server by its name, the client by its URI', async () => {
    const serving = await serve({ tls: testTls('server', { mutual: true }) });
    const connection = await dialler('greeter').dial(serving.node, { service: 'greeter' });
    closings.push(() => connection.close());
    expect((await call(connection, 'Hello', 1)).value).toEqual({ hello: 1 });
    expect(serving.received[0]?.peer).toMatchObject({ identity: 'spiffe://acme/greeter', transport: 'tenon/1' });
  });

  test('a large message and a stream arrive whole', async () => {
    const serving = await serve({ tls: testTls('server') });
    const connection = await dialler('greeter').dial(serving.node, { service: 'greeter' });
    closings.push(() => connection.close());
    const text = 'x'.repeat(2_000_000);
    expect((await call(connection, 'Echo', text)).value).toBe(text);
  });

  test('a server that is not whom it should be is not spoken to', async () => {
    for (const name of ['elsewhere', 'expired', 'stranger']) {
      const serving = await serve({ tls: testTls(name) });
      const error = await failure(dialler('greeter').dial(serving.node, { service: 'greeter' }));
      expect(error, name).toMatchObject({ code: 'Unavailable', executed: 'no' });
      expect(error.rawMessage).toContain('certificate');
    }
  });

  test('a server that proves to be the service by its URI is taken at any address', async () => {
    const serving = await serve({ tls: testTls('greeter') });
    const connection = await dialler('greeter').dial(serving.node, { service: 'greeter' });
    closings.push(() => connection.close());
    expect((await call(connection, 'Hello', 1)).value).toEqual({ hello: 1 });
  });

  test('a client without a certificate of the right authority is turned away, and told why', async () => {
    const serving = await serve({ tls: testTls('server', { mutual: true }) });
    const error = await failure(
      dialler('stranger', { material: { ca: testTls('server').material.ca } }).dial(serving.node, {
        service: 'greeter',
      }),
    );
    expect(error).toMatchObject({ code: 'Unauthenticated', executed: 'no' });
    expect(serving.received).toHaveLength(0);
  });

  test('there are no segments: frames follow the first bytes', async () => {
    const serving = await serve({ tls: testTls('server') });
    const socket = connectTls({
      host: '127.0.0.1',
      port: serving.port,
      ALPNProtocols: ['tenon/1'],
      rejectUnauthorized: false,
    });
    closings.push(() => socket.destroy());
    let bytes: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
    });
    socket.write(Buffer.concat([preamble, rawGreeting(1)]));
    await until(() => plainFramesOf(bytes).length === 1, 'it was welcomed');
    const head = Buffer.alloc(8);
    head[2] = 1;
    const asked = rawFrame(0x10, 0x1_0000, Buffer.concat([head, Buffer.from('"Ada"')]));
    socket.write(Buffer.concat([rawName(0, 0, 'Greeter.Hello'), asked]));
    await until(() => plainFramesOf(bytes).length === 2, 'it was answered');
    expect(plainFramesOf(bytes)[1]?.payload.toString('utf8', 1)).toBe('{"hello":"Ada"}');
  });
});

describe('where one side speaks TLS and the other does not', () => {
  test('a client in the clear is closed, and its dial fails safely', async () => {
    const serving = await serve({ tls: testTls('server') });
    const error = await failure(dialler().dial(serving.node, { service: 'greeter' }));
    expect(error).toMatchObject({ code: 'Unavailable', executed: 'no' });
    const raw = await RawClient.open(serving.port);
    closings.push(() => raw.close());
    raw.send(preamble);
    await until(() => raw.ended, 'it was closed');
  });

  test('a client under TLS is closed by a server in the clear, and says so', async () => {
    const serving = await serve({});
    const error = await failure(dialler('greeter').dial(serving.node, { service: 'greeter' }));
    expect(error).toMatchObject({ code: 'Unavailable', executed: 'no' });
    expect(error.rawMessage).toMatch(/TLS/);
  });
});
