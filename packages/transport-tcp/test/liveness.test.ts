import { FreezableRelay } from '@tenon/conformance';
import type { Connection, ConnectionClaim, Port } from '@tenon/contract';
import { afterEach, describe, expect, test } from 'vitest';
import type { TcpOptions } from '../src/index.js';
import { newTransport, nodeAt } from './fixture.js';
import { preamble, rawCall, rawFrame, rawGreeting, rawName, rawSegment } from './raw-peer.js';
import { RawServer } from './raw-server.js';
import { call, failure, Serving, until } from './serving.js';
import { TestSocket } from './test-socket.js';

const closings: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

async function dialled(address: string, options: TcpOptions = {}): Promise<Connection> {
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
    const relay = await FreezableRelay.to('127.0.0.1', serving.port);
    closings.push(() => relay.close());
    const connection = await dialled(relay.address, tcp);
    expect((await call(connection, 'Hello', 1)).value).toEqual({ hello: 1 });
    const held = failure(call(connection, 'Hold', 1));
    await until(() => serving.received.length === 2, 'the call arrived');
    relay.freeze();
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

test('a peer that was asked before its time is given up no sooner for it', async () => {
  const server = await RawServer.welcoming();
  closings.push(() => server.close());
  const connection = await dialled(server.address, { pingAfterMs: 600, pingTimeoutMs: 100 });
  const held = failure(call(connection, 'Hold', 1));
  expect(await connection.probe?.(50)).toBe(false);
  const silentMs = Number(/silent for (\d+) ms/.exec((await held).rawMessage)?.[1]);
  expect(silentMs).toBeGreaterThanOrEqual(699);
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

describe('a question whether the peer lives', () => {
  test('is one PING while there is no answer, and another one later', async () => {
    const pings: Buffer[] = [];
    const server = await RawServer.welcoming({}, (frame) => frame.type === 4 && pings.push(frame.payload));
    closings.push(() => server.close());
    const connection = await dialled(server.address);
    expect(await Promise.all([connection.probe?.(20), connection.probe?.(40)])).toEqual([false, false]);
    const later = [connection.probe?.(10_000), connection.probe?.(10_000)];
    await until(() => pings.length === 1, 'it was asked');
    server.send(rawSegment(rawFrame(5, 0, pings[0])));
    expect(await Promise.all(later)).toEqual([true, true]);
    const next = connection.probe?.(10_000);
    await until(() => pings.length === 2, 'it was asked again');
    server.send(rawSegment(rawFrame(5, 0, pings[1])));
    expect(await next).toBe(true);
  });

  test('is answered by whatever the peer says', async () => {
    const server = await RawServer.welcoming({}, (frame, raw) => frame.type === 4 && raw.send(late));
    const late = rawSegment(rawFrame(0xaa, 0, Buffer.from('whatever')));
    closings.push(() => server.close());
    const connection = await dialled(server.address);
    expect(await connection.probe?.(10_000)).toBe(true);
  });

  test('is answered for as long as a client that waits for a slow call may ask', async () => {
    const serving = await Serving.start();
    closings.push(() => serving.close());
    const connection = await dialled(serving.node.address);
    const held = failure(call(connection, 'Hold', 1));
    for (let turn = 0; turn < 6; turn += 1) expect(await connection.probe?.(10_000)).toBe(true);
    expect(connection.ended).toBe(false);
    await connection.close();
    expect(await held).toMatchObject({ code: 'Unavailable', executed: 'maybe' });
  });
});
