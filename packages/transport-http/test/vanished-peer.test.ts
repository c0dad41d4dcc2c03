import { FreezableRelay } from '@tenon/conformance';
import { type Connection, noMetadata, type Reply, type ServiceError } from '@tenon/contract';
import { systemClock } from '@tenon/contract/authoring';
import { afterEach, describe, expect, test } from 'vitest';
import { testTls } from '../../../test/tls/test-tls.js';
import { allOf, call, stream, until } from '../../../test/wire/test-call.js';
import { rawServer } from './raw-peer.js';
import { newCodecs, newTransport, serve, tenonNode } from './test-server.js';

const closings: (() => unknown)[] = [];
const tls = testTls();
const tuned = { pingMs: 200, pingTimeoutMs: 150 };

afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

async function relayTo(number: number): Promise<FreezableRelay> {
  const relay = await FreezableRelay.to('127.0.0.1', number);
  closings.push(() => relay.close());
  return relay;
}

async function dialled(address: string, options = {}, secure = false): Promise<Connection> {
  const transport = newTransport(options, systemClock(), newCodecs(), secure ? tls : undefined);
  const connection = await transport.dial({ ...tenonNode(1), address }, { service: 'greeter' });
  closings.push(() => connection.close());
  return connection;
}

describe.each([
  ['HTTP/1.1', false],
  ['HTTP/2', true],
] as const)('a peer that is only half there, over %s', (_name, secure) => {
  test('is given up while a call waits for it, also a stream without a deadline', async () => {
    const answers = {
      'Greeter.Drip': (): Reply => {
        const messages = (async function* () {
          yield 1;
          await new Promise(() => {});
        })();
        return { value: undefined, messages, metadata: noMetadata };
      },
    };
    const kinds = { 'Greeter.Drip': 'server' as const };
    await using server = await serve(answers, { kinds, ...(secure ? { tls } : {}) });
    const relay = await relayTo(server.number);
    const connection = await dialled(relay.address, tuned, secure);
    const held = call(connection, 'Hold', 1).catch((error: ServiceError) => error);
    const { messages } = await stream(connection, 'Drip', 'server', { value: 1 });
    await until(() => server.received.length === 2, 'both arrived');
    relay.freeze();
    expect(await held).toMatchObject({ code: 'Unavailable', executed: 'maybe', answered: false });
    await expect(allOf(messages)).rejects.toMatchObject({ code: 'Unavailable', executed: 'maybe', answered: false });
  });

  test('is not who takes its time', async () => {
    let release = (): void => {};
    const slow = (): Promise<Reply> =>
      new Promise((resolve) => {
        release = () => resolve({ value: 'at last', metadata: noMetadata });
      });
    await using server = await serve({ 'Greeter.Slow': slow }, secure ? { tls } : {});
    const connection = await dialled(`127.0.0.1:${server.number}`, tuned, secure);
    const reply = call(connection, 'Slow', 1);
    await until(() => server.received.length === 1, 'it arrived');
    // Longer than all that finds a peer that is not there.
    await new Promise((resolve) => setTimeout(resolve, 4 * tuned.pingMs));
    release();
    expect((await reply).value).toBe('at last');
  });
});

test('a session at rest whose peer is only half there is given up', async () => {
  await using server = await serve({}, { tls });
  const relay = await relayTo(server.number);
  const connection = await dialled(relay.address, tuned, true);
  expect((await call(connection, 'Echo', 1)).value).toBe(1);
  relay.freeze();
  expect(relay.callers).toBe(1);
  await until(() => relay.callers === 0, 'the session was given up');
});

test('sockets at rest over HTTP/1.1 are given up with a peer that gives no sign of life', async () => {
  await using server = await serve();
  const relay = await relayTo(server.number);
  const connection = await dialled(relay.address);
  await Promise.all([call(connection, 'Echo', 1), call(connection, 'Echo', 2)]);
  expect(await connection.probe?.(5_000)).toBe(true);
  await until(() => relay.callers === 2, 'only the question has left');
  relay.freeze();
  expect(await connection.probe?.(50)).toBe(false);
  // The question itself waits a little longer.
  await until(() => relay.callers <= 1, 'those at rest were given up');
});

test('a node that drains and takes no connections lives as long as it works on a call, and no longer', async () => {
  await using server = await serve();
  const connection = await dialled(`127.0.0.1:${server.number}`);
  const held = call(connection, 'Hold', 1).catch((error: ServiceError) => error);
  await until(() => server.received.length === 1, 'the call arrived');
  const abort = new AbortController();
  const drained = [server.listener.drain(abort.signal), server.port.drain()];
  for (let turn = 0; turn < 3; turn += 1) expect(await connection.probe?.(5_000)).toBe(true);
  abort.abort();
  expect(await held).toMatchObject({ code: 'Unavailable' });
  await Promise.all(drained);
  expect(await connection.probe?.(5_000)).toBe(false);
});

test('a question over HTTP/1.1 is one that no application sees, and is asked once at a time', async () => {
  let answer = (): void => {};
  await using peer = await rawServer((_request, socket) => {
    answer = () => socket.end('HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n');
  });
  const connection = await dialled(`127.0.0.1:${peer.number}`);
  expect(await connection.probe?.(50)).toBe(false);
  const again = [connection.probe?.(10_000), connection.probe?.(10_000)];
  await until(() => peer.heard.length === 1 && peer.heard[0] !== '', 'it was asked');
  answer();
  expect(await Promise.all(again)).toEqual([true, true]);
  expect(peer.heard).toHaveLength(1);
  expect(peer.heard[0]).toMatch(/^OPTIONS \* HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\nConnection: close\r\n\r\n$/);
});

test('a host that cannot be found gives no sign of life', async () => {
  const connection = await dialled('nobody.invalid:80');
  expect(await connection.probe?.(10_000)).toBe(false);
});
