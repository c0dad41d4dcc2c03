import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { LoopByHand } from '../loop-by-hand.js';
import { type AnyClaim, bothWays, connectTo, get, http, openPort, textOf, until } from './port-under-test.js';

describe.each(bothWays)('%s', (_way, tls) => {
  test('connections that come while the port drains are served and told to go', async () => {
    const held: ServerResponse[] = [];
    const port = await openPort([heldHttp(held)], {}, tls());
    const first = await connectTo(port, 'http/1.1');
    const replies = [textOf(first)];
    first.write(get('/', 'Connection: keep-alive'));
    await until(() => held.length === 1, 'one was under way');
    const drained = port.port.drain();
    const second = await connectTo(port, 'http/1.1');
    replies.push(textOf(second));
    second.write(get('/', 'Connection: keep-alive'));
    await until(() => held.length === 2, 'the second was under way');
    for (const response of held) response.end('late');
    for (const reply of await Promise.all(replies))
      expect(reply).toMatch(/200 OK\r\n[\s\S]*Connection: close[\s\S]*late$/);
    await drained;
  });

  test('a request that crosses the end of an idle connection is answered by it: it did not run', async () => {
    const port = await openPort([http()], { drainGraceMs: 50 }, tls());
    const socket = await connectTo(port, 'http/1.1');
    socket.write(get('/', 'Connection: keep-alive'));
    await once(socket, 'data');
    const last = textOf(socket);
    await port.port.drain();
    expect(recordIn(await last)).toMatchObject({ code: 'Unavailable', executed: 'no', refusal: 'draining' });
  });

  test('so it is where a connection was idle for too long, and where it never said a word', async () => {
    const port = await openPort([http()], { keepAliveMs: 1_000, handshakeTimeoutMs: 100 }, tls());
    const [idle, silent] = [await connectTo(port, 'http/1.1'), await connectTo(port, 'http/1.1')];
    idle.write(get('/', 'Connection: keep-alive'));
    await once(idle, 'data');
    for (const text of await Promise.all([textOf(idle), ...(port.encrypted ? [] : [textOf(silent)])])) {
      const record = recordIn(text);
      expect(record).toMatchObject({ code: 'Unavailable', executed: 'no' });
      expect(record).not.toHaveProperty('refusal');
    }
  });
});

test('a port that was held up while it drained serves who came meanwhile, before it stops listening', async () => {
  const loop = new LoopByHand();
  const port = await openPort([http()], { drainGraceMs: 50 }, undefined, loop);
  const first = await connectTo(port, 'http/1.1');
  first.write(get('/', 'Connection: keep-alive'));
  await once(first, 'data');
  const drained = port.port.drain();
  await until(() => loop.pending > 0, 'it waited for further connections');
  const late = connect({ host: '127.0.0.1', port: port.number });
  const reply = textOf(late);
  late.write(get('/'));
  // The system has it; the port has not looked yet.
  await new Promise((resolve) => process.nextTick(resolve));
  loop.turn(1_000);
  expect(await reply).toMatch(/^HTTP\/1\.1 200 OK/);
  await until(() => loop.pending > 0, 'it waited for further connections again');
  loop.turn(1_000);
  await drained;
});

function heldHttp(held: ServerResponse[]): AnyClaim {
  return { http: { name: 'held', accepts: () => true, handle: (_request, response) => held.push(response) } };
}

/** The error record of an unasked answer. */
function recordIn(text: string): unknown {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 408 [\s\S]*Connection: close/);
  return JSON.parse(body);
}
