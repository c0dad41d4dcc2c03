import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Connection, ConnectionClaim, Port } from '@tenon/contract';
import { afterEach, describe, expect, test } from 'vitest';
import { newTransport, nodeAt } from './fixture.js';
import { preamble, rawCall, rawFrame, rawGreeting, rawName, rawSegment } from './raw-peer.js';
import { RawServer } from './raw-server.js';
import { call, failure, Serving, until } from './serving.js';
import { TestSocket } from './test-socket.js';

const closings: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

/** Forwards bytes, until it stops without telling anybody. */
class Relay {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  stuck = false;

  constructor(port: number) {
    this.#server = createServer((from) => {
      const to = connect({ host: '127.0.0.1', port });
      this.#sockets.push(from, to);
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const) {
        one.on('data', (chunk) => this.stuck || other.write(chunk));
        one.on('error', () => {});
        one.on('close', () => this.stuck || other.destroy());
      }
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    return typeof address === 'object' ? `127.0.0.1:${address?.port}` : '';
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

async function dialled(address: string, options: { pingAfterMs: number; pingTimeoutMs: number }): Promise<Connection> {
  const transport = newTransport({ options });
  closings.push(() => transport.close());
  const connection = await transport.dial(nodeAt(address), { service: 'greeter' });
  closings.push(() => connection.close());
  return connection;
}

describe('a peer that is only half there', () => {
  test('is noticed by a client that waits for it, and by the server that serves it', async () => {
    const tcp = { pingAfterMs: 200, idlePingAfterMs: 400, pingTimeoutMs: 150 };
    const serving = await Serving.start({}, { tcp });
    closings.push(() => serving.close());
    const relay = new Relay(serving.port);
    closings.push(() => relay.close());
    const connection = await dialled(await relay.listen(), tcp);
    expect((await call(connection, 'Hello', 1)).value).toEqual({ hello: 1 });
    const held = failure(call(connection, 'Hold', 1));
    await until(() => serving.received.length === 2, 'the call arrived');
    relay.stuck = true;
    const error = await held;
    expect(error).toMatchObject({ code: 'Unavailable', executed: 'maybe' });
    expect(error.rawMessage).toContain('silent');
    expect(connection.ended).toBe(true);
    await until(() => serving.cancels.length === 1, 'the handler was told');
  });

  test('is noticed at rest too', async () => {
    const server = await RawServer.welcoming();
    closings.push(() => server.close());
    const transport = newTransport({ options: { pingAfterMs: 100, idlePingAfterMs: 250, pingTimeoutMs: 100 } });
    closings.push(() => transport.close());
    const connection = await transport.dial(nodeAt(server.address), { service: 'greeter' });
    await until(() => server.frames.some(({ type }) => type === 4), 'it was asked');
    expect(connection.ended).toBe(false);
    await until(() => connection.ended === true, 'it was given up');
  });
});

test('a peer that answers is kept, and a long call with it', async () => {
  let pings = 0;
  const server = await RawServer.welcoming({}, (frame, raw) => {
    if (frame.type !== 4) return;
    pings += 1;
    expect(frame.payload).toHaveLength(8);
    raw.send(rawSegment(rawFrame(5, 0, frame.payload)));
    const asked = raw.frames.find(({ type }) => type === 0x10);
    if (asked !== undefined) raw.reply(asked.id, 'at last');
  });
  closings.push(() => server.close());
  const connection = await dialled(server.address, { pingAfterMs: 100, pingTimeoutMs: 2_000 });
  expect((await call(connection, 'Hello', 1)).value).toBe('at last');
  expect(pings).toBe(1);
});

test('a server’s PONG goes ahead of what waits for a client that does not read', async () => {
  const transport = newTransport();
  closings.push(() => transport.close());
  let claim: ConnectionClaim | undefined;
  const port = {
    instance: 'i',
    maxMessageBytes: 100_000,
    claimConnection: (made: ConnectionClaim) => {
      claim = made;
    },
  };
  const listener = await transport.listen(port as unknown as Port, {
    handle: (incoming) => {
      incoming.reply({ value: 'x'.repeat(10_000), metadata: {} });
      return { cancel: () => {} };
    },
    refusal: () => undefined,
    kindOf: () => undefined,
  });
  closings.push(() => listener.close());
  const socket = new TestSocket();
  claim?.handle({ socket: socket.duplex, address: 'test', identity: undefined, encrypted: false });
  for (const bytes of [preamble, rawSegment(rawGreeting(1)), rawSegment(rawName(0, 0, 'Greeter.Hello'))]) {
    socket.duplex.push(bytes);
  }
  await until(() => socket.frames.length === 1, 'it was welcomed');
  socket.block();
  socket.duplex.push(rawSegment(...Array.from({ length: 50 }, (_, slot) => rawCall(slot, 1, { request: 1 }))));
  socket.duplex.push(rawSegment(rawFrame(4, 0, Buffer.from('are you?'))));
  await until(() => socket.duplex.readableLength === 0 && socket.duplex.writableLength > 16_384, 'all was taken');
  socket.unblock();
  await until(() => socket.frames.length === 52, 'all arrived');
  // What the socket had before it stopped goes first.
  expect(socket.frames.findIndex(({ type }) => type === 5)).toBeLessThan(15);
});
