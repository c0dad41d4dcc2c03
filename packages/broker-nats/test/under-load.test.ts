import { createServer } from 'node:net';
import { connect } from '@nats-io/transport-node';
import { eventually, rejectsWith } from '@tenon/conformance';
import type { Delivery, Message } from '@tenon/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { NatsSubscription } from '../src/nats-subscription.js';
import { HeldInbox, Inbox, messageOf, of, passed, patienceMs } from './inbox.js';
import { LogLines } from './log-lines.js';
import { never, Stage } from './stage.js';

const stage = new Stage();
afterEach(() => stage.end());

describe('a subscription', () => {
  it('drained in full traffic loses nothing: its queue shares every message, each handled once', async () => {
    const server = await stage.server();
    const [publisher, leaving, staying] = [
      await stage.client(server),
      await stage.client(server),
      await stage.client(server),
    ];
    const handled: string[] = [];
    const handle = async ({ message }: Delivery): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      handled.push(message.id);
    };
    const options = { queue: 'mailer', maxInFlight: 4 };
    const drained = await leaving.subscribe('user.created', handle, options);
    await staying.subscribe('user.created', handle, options);
    const total = 4_000;
    let draining: Promise<number> | undefined;
    for (let index = 0; index < total; index++) {
      await publisher.publish('user.created', messageOf(`m${index}`));
      if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (index !== total / 2) continue;
      // Gives the server the time to deliver, and us none to read it: draining begins with messages on their way.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
      draining = drained.drain().then(() => handled.length);
    }
    expect(await draining).toBeGreaterThan(0);
    await eventually(() => expect(handled).toHaveLength(total), { withinMs: patienceMs });
    expect(new Set(handled).size).toBe(total);
  });

  it('whose handlers are too slow drops the newest, counts each, and warns once', async () => {
    const server = await stage.server();
    const log = new LogLines();
    const broker = await stage.client(server, { maxWaitingMessages: 5 }, log);
    const held = new HeldInbox();
    const subscription = of(NatsSubscription, await broker.subscribe('user.created', held.handle, { maxInFlight: 2 }));
    for (let index = 0; index < 100; index++) await broker.publish('user.created', messageOf(`m${index}`));
    await passed(broker);
    expect(subscription.overflowed).toBe(93);
    expect(log.at('warn', 'handlers are slower')).toMatchObject([{ fields: { topic: 'user.created', dropped: 1 } }]);
    held.open();
    await subscription.drain();
    expect(held.handled).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6']);
    expect(log.at('warn', 'handlers are slower').map(({ fields }) => fields['dropped'])).toEqual([1, 93]);
  });

  it('holds no more bytes than it may, and frees them as handlers end', async () => {
    const server = await stage.server();
    const broker = await stage.client(server, { maxWaitingBytes: 100_000 });
    const held = new HeldInbox();
    const subscription = of(NatsSubscription, await broker.subscribe('user.created', held.handle, { maxInFlight: 1 }));
    const body = Buffer.alloc(30_000);
    for (let index = 0; index < 10; index++) await broker.publish('user.created', messageOf(`m${index}`, { body }));
    await passed(broker);
    expect(subscription.overflowed).toBe(7);
    held.open();
    await eventually(() => expect(held.handled).toEqual(['m0', 'm1', 'm2']), { withinMs: patienceMs });
    await broker.publish('user.created', messageOf('over', { body: Buffer.alloc(200_000) }));
    await eventually(() => expect(held.handled).toHaveLength(4), { withinMs: patienceMs });
    expect(subscription.overflowed).toBe(7);
  });
});

describe('publishing', () => {
  it('to a server that stopped reading waits, within bounds, and loses nothing that it accepted', async () => {
    const server = await stage.server();
    const publisher = await stage.client(server, { maxPendingBytes: 2 * 1_024 ** 2 });
    const inbox = await Inbox.open(await stage.client(server), 'user.created');
    server.pause();
    const body = Buffer.alloc(50_000);
    const ids = Array.from({ length: 200 }, (_, index) => `m${index}`);
    const outcomes = Promise.allSettled(ids.map((id) => publisher.publish('user.created', messageOf(id, { body }))));
    await rejectsWith(() => publisher.publish('user.created', messageOf('one more', { body })), 'ResourceExhausted');
    server.resume();
    const settled = await outcomes;
    const published = ids.filter((_, index) => settled[index]?.status === 'fulfilled');
    expect(published.length).toBeGreaterThan(40);
    expect(published.length).toBeLessThan(ids.length);
    await inbox.has(...published);
    expect(inbox.ids).toEqual(published);
  });

  it('to a busy topic shares messages: every event comes once, in order, to topics and patterns, and drops are of events', async () => {
    const server = await stage.server();
    const publisher = await stage.client(server);
    const [exact, pattern] = [
      await Inbox.open(await stage.client(server), 'user.created'),
      await Inbox.open(await stage.client(server, { maxWaitingMessages: 65_536 }), 'user.*'),
    ];
    const raw = await connect({ servers: server.address });
    stage.onEnd(() => raw.close());
    const seen = raw.subscribe('user.>', { callback: () => {} });
    await raw.flush();
    const ids = Array.from({ length: 10_000 }, (_, index) => `m${index}`);
    for (const [index, id] of ids.entries()) {
      await publisher.publish('user.created', messageOf(id, index % 1_000 === 999 ? { metadata: { odd: 'yes' } } : {}));
      if (index % 64 === 63) await new Promise((resolve) => setImmediate(resolve));
    }
    await exact.has(ids.at(-1) as string);
    await pattern.has(ids.at(-1) as string);
    expect([exact.ids, pattern.ids]).toEqual([ids, ids]);
    expect(exact.deliveries[999]?.message.metadata).toEqual({ odd: 'yes' });
    await raw.flush();
    expect(seen.getReceived()).toBeLessThan(ids.length);
  });

  it('to a busy topic loses nothing to a server that takes less than a batch', async () => {
    const server = await stage.server({ config: 'max_payload: 1000' });
    const publisher = await stage.client(server);
    const inbox = await Inbox.open(await stage.client(server), 'user.created');
    const ids = Array.from({ length: 5_000 }, (_, index) => `m${index}`);
    for (const [index, id] of ids.entries()) {
      await publisher.publish('user.created', messageOf(id));
      if (index % 64 === 63) await new Promise((resolve) => setImmediate(resolve));
    }
    await inbox.has(ids.at(-1) as string);
    expect(inbox.ids).toEqual(ids);
  });

  it('is part of draining: that waits until the server has what was published', async () => {
    const server = await stage.server();
    const broker = await stage.client(server);
    server.pause();
    await broker.publish('user.created', messageOf('m1'));
    let isDrained = false;
    const draining = broker.drain(never).then(() => {
      isDrained = true;
    });
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(isDrained).toBe(false);
    server.resume();
    await draining;
  });

  it('over the server’s limit is ResourceExhausted and names both sizes', async () => {
    const server = await stage.server({ config: 'max_payload: 2000' });
    const broker = await stage.client(server);
    const inbox = await Inbox.open(broker, 'user.created');
    const id = '3f0c1c52-9a5e-4c5e-8f0e-0a1b2c3d4e5f';
    const message = (bytes: number, fields: Partial<Message> = {}): Message =>
      messageOf(id, { contentType: 'application/json', body: Buffer.alloc(bytes), ...fields });
    const failure = await rejectsWith(() => broker.publish('user.created', message(1_974)), 'ResourceExhausted');
    expect([failure.executed, failure.rawMessage]).toEqual(['no', expect.stringMatching(/2001 bytes .* 2000$/)]);
    const metadata = { cup: '☕' };
    await rejectsWith(() => broker.publish('user.created', message(1_973, { metadata })), 'ResourceExhausted');
    await broker.publish('user.created', message(1_973));
    const headerBytes = Buffer.byteLength('NATS/1.0\r\ncup: ☕\r\n\r\n');
    await broker.publish('user.created', message(1_973 - headerBytes, { metadata }));
    await eventually(() => expect(inbox.ids).toHaveLength(2), { withinMs: patienceMs });
    expect(broker.isConnected).toBe(true);
  });
});

describe('the connection', () => {
  it('to a server that stopped answering is given up after three pings, also with a full socket, and made again', async () => {
    const server = await stage.server({ config: 'max_payload: 8MB' });
    const log = new LogLines();
    const options = { pingIntervalMs: 200, connectTimeoutMs: 200, reconnect: { baseMs: 20, maxMs: 50 } };
    const broker = await stage.client(server, options, log);
    const inbox = await Inbox.open(broker, 'user.created');
    server.pause();
    // More than the socket and the paused server's side of it take: the client would wait for it before it closes.
    await broker.publish('user.created', messageOf('lost', { body: Buffer.alloc(8_000_000) }));
    const waiting = broker.publish('user.created', messageOf('m1'));
    await eventually(() => expect(broker.isConnected).toBe(false), { withinMs: patienceMs });
    expect(log.at('warn', 'may not have arrived')).toMatchObject([{ fields: { messages: 1 } }]);
    server.resume();
    await waiting;
    await inbox.has('m1');
    expect(inbox.ids).toEqual(['m1']);
  });

  it('that is lost before it confirmed a subscription is followed by one that does', async () => {
    const server = await stage.server();
    const broker = await stage.client(server);
    server.pause();
    const subscribing = Inbox.open(broker, 'user.created');
    await server.kill();
    await server.restart();
    const inbox = await subscribing;
    await broker.publish('user.created', messageOf('m1'));
    await inbox.has('m1');
  });

  it('is lost and back with one line each, however many dials lie between', async () => {
    const server = await stage.server();
    const log = new LogLines();
    const broker = await stage.client(server, { reconnect: { baseMs: 5, factor: 1, maxMs: 10 } }, log);
    await server.kill();
    await eventually(() => expect(broker.isConnected).toBe(false), { withinMs: patienceMs });
    await refusedDials(server.port, 10);
    await server.restart();
    await eventually(() => expect(broker.isConnected).toBe(true), { withinMs: patienceMs });
    expect(log.lines.map(({ message }) => message)).toEqual([
      'NATS connected',
      'NATS connection lost; connecting again until it is back',
      'NATS is back',
    ]);
  });
});

/** Stands in for a server that is away: resolves when it has turned away some connections. */
async function refusedDials(port: number, count: number): Promise<void> {
  let refused = 0;
  const server = createServer((socket) => {
    refused += 1;
    socket.on('error', () => {}).destroy();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await eventually(() => expect(refused).toBeGreaterThanOrEqual(count), { withinMs: patienceMs });
  await new Promise((resolve) => server.close(resolve));
}
