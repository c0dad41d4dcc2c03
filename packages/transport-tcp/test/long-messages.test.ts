import { testCancellation } from '@tenon/conformance';
import type { Connection } from '@tenon/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ClosableTransport, newTransport, nodeAt } from './fixture.js';
import { rawFrame, rawSegment } from './raw-peer.js';
import { RawServer } from './raw-server.js';
import { call, endpointOf, failure, replyOf, Serving, until } from './serving.js';

/** More than a call may have to be seen to at once. */
const long = 'x'.repeat(40_000);

let transport: ClosableTransport;
const closings: (() => Promise<void>)[] = [];

beforeEach(() => {
  transport = newTransport();
});

afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
  await transport.close();
});

async function connectedTo(serving: Serving): Promise<Connection> {
  closings.push(() => serving.close());
  const connection = await transport.dial(serving.node, { service: 'greeter' });
  closings.push(() => connection.close());
  return connection;
}

describe('small calls beside long ones', () => {
  test('are served first, whatever came before them at the same time', async () => {
    const order: string[] = [];
    const serving = await Serving.start({
      'Greeter.Echo': (incoming) => {
        const value = incoming.decode() as string;
        order.push(value === long ? 'long' : value);
        return replyOf(order.length);
      },
    });
    const connection = await connectedTo(serving);
    await call(connection, 'Echo', 'first');
    const longs = Array.from({ length: 20 }, () => call(connection, 'Echo', long));
    await Promise.all([...longs, call(connection, 'Echo', 'small')]);
    expect(order).toHaveLength(22);
    // One of the long ones may have had its turn before the small call arrived.
    expect(order.indexOf('small')).toBeLessThan(12);
  });

  test('are answered to their callers first too', async () => {
    let released = 0;
    const held: (() => void)[] = [];
    const serving = await Serving.start({
      'Greeter.Hold': async (incoming) => {
        const value = incoming.decode();
        await new Promise<void>((resolve) => held.push(resolve));
        released += 1;
        return replyOf(value === 'long' ? long : 'small');
      },
    });
    const connection = await connectedTo(serving);
    const order: string[] = [];
    const note = (text: string) => () => void order.push(text);
    const calls = Array.from({ length: 10 }, () => call(connection, 'Hold', 'long').then(note('long')));
    calls.push(call(connection, 'Hold', 'small').then(note('small')));
    await until(() => held.length === 11, 'all calls are held');
    for (const release of held) release();
    await Promise.all(calls);
    expect([released, order.length]).toEqual([11, 11]);
    expect(order.indexOf('small')).toBeLessThan(6);
  });
});

test('more long messages than may wait at once all arrive', async () => {
  const connection = await connectedTo(await Serving.start());
  const texts = Array.from({ length: 300 }, (_, index) => `${index}`.padEnd(20_000 + index * 150, 'y'));
  const replies = await Promise.all(texts.map((text) => call(connection, 'Echo', text)));
  expect(replies.every(({ value }, index) => value === texts[index])).toBe(true);
});

describe('a long reply that waits for its turn', () => {
  const replyFrame = (id: number): Buffer =>
    rawFrame(0x14, id, Buffer.concat([Buffer.alloc(1), Buffer.from(JSON.stringify(long))]));

  test('counts, where the connection ends meanwhile', async () => {
    const server = await RawServer.welcoming({}, ({ type, id }, raw) => {
      if (type !== 0x10) return;
      raw.send(rawSegment(replyFrame(id), rawFrame(0x03, 0, Buffer.from([14]))));
    });
    closings.push(() => server.close());
    const connection = await transport.dial(nodeAt(server.address), { service: 'greeter' });
    closings.push(() => connection.close());
    expect((await call(connection, 'Echo', 1)).value).toBe(long);
  });

  test('may not come twice', async () => {
    const server = await RawServer.welcoming({}, ({ type, id }, raw) => {
      if (type === 0x10) raw.send(rawSegment(replyFrame(id), replyFrame(id)));
    });
    closings.push(() => server.close());
    const connection = await transport.dial(nodeAt(server.address), { service: 'greeter' });
    closings.push(() => connection.close());
    // The first was whole before the second broke the protocol.
    expect((await call(connection, 'Echo', 1)).value).toBe(long);
    expect(await failure(call(connection, 'Echo', 2))).toMatchObject({ code: 'Unavailable', executed: 'no' });
  });

  test('is not delivered to a caller who gave up meanwhile, of which the server hears nothing', async () => {
    const ids: number[] = [];
    const server = await RawServer.welcoming({}, ({ type, id }, raw) => {
      if (type === 0x10) ids.push(id);
      if (ids.length === 2) raw.send(rawSegment(...ids.splice(0).map(replyFrame)));
    });
    closings.push(() => server.close());
    const connection = await transport.dial(nodeAt(server.address), { service: 'greeter' });
    closings.push(() => connection.close());
    const cancellation = testCancellation();
    // Both replies have come when the first has its turn.
    const first = call(connection, 'Echo', 1).then(() => cancellation.cancel());
    const deadline = performance.now() + 30_000;
    const second = connection.unary({ endpoint: endpointOf('Echo'), value: 2, metadata: {}, deadline, cancellation });
    expect(await failure(second)).toMatchObject({ code: 'Canceled', executed: 'yes' });
    await first;
    expect(server.frames.map(({ type }) => type)).not.toContain(0x16);
  });
});
