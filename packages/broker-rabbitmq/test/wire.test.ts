import { eventually, rejectsWith } from '@tenon/conformance';
import type { Message } from '@tenon/contract';
import { faults } from '@tenon/testing/fault-proxy';
import type { ChannelModel, ConsumeMessage } from 'amqplib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PushedSubscription } from '../src/pushed-subscription.js';
import { HeldInbox, Inbox, messageOf, of, passed, patienceMs } from './inbox.js';
import { LogLines } from './log-lines.js';
import { RabbitmqServer } from './rabbitmq-server.js';
import { never, Stage } from './stage.js';

const stage = new Stage();
let server: RabbitmqServer;

beforeAll(async () => {
  server = await RabbitmqServer.start({ config: ['max_message_size = 1000000'] });
}, 120_000);
afterEach(() => stage.end());
afterAll(() => server?.stop());

const message: Message = {
  id: '2eccbadf-0000-4000-8000-000000000001',
  timeMs: 1_767_225_600_123,
  contentType: 'application/json',
  body: Buffer.from('{"name":"p"}\n'),
  metadata: { foo: 'bar' },
};

/** What go-micro puts beside the body, and the time, which is ours. */
const golden = {
  'Content-Type': 'application/json',
  Foo: 'bar',
  'Micro-ID': message.id,
  'Micro-Topic': 't.y',
  'Tenon-Time': '1767225600123',
};

describe('the layout of go-micro', () => {
  it('is what a plain AMQP client reads: the body as it is, headers that are strings, and no other property', async () => {
    const broker = await stage.client(server);
    expect(broker.contentType).toBe('application/json');
    const heard = await overheard(await stage.stranger(server), stage.names.exchange, 't.y');
    await broker.publish('t.y', message);
    const [received] = await heard(1);
    expect(received?.content.toString()).toBe('{"name":"p"}\n');
    expect(received?.properties.headers).toEqual(golden);
    expect(received?.fields).toMatchObject({ exchange: stage.names.exchange, routingKey: 't.y', redelivered: false });
    const { headers: _, deliveryMode, ...others } = received?.properties ?? {};
    expect(deliveryMode).toBe(1);
    expect(Object.values(others).filter((value) => value !== undefined)).toEqual([]);
  });

  it('is read from a go-micro service, whose messages have no time', async () => {
    const inbox = await Inbox.open(await stage.client(server), 't.y');
    const { 'Tenon-Time': _, ...headers } = golden;
    const channel = await (await stage.stranger(server)).createChannel();
    channel.publish(stage.names.exchange, 't.y', Buffer.from(message.body), { headers });
    await inbox.has(message.id);
    const [delivery] = inbox.deliveries;
    expect([delivery?.topic, delivery?.attempt]).toEqual(['t.y', 1]);
    const { timeMs, ...rest } = delivery!.message;
    expect(rest).toMatchObject({ contentType: 'application/json', metadata: { foo: 'bar' }, traceparent: undefined });
    expect(Buffer.from(rest.body)).toEqual(message.body);
    expect(timeMs).toBeGreaterThan(message.timeMs);
  });

  it('declares what go-micro declares: its own declarations, which must agree, are not refused', async () => {
    const broker = await stage.client(server, { queueNaming: 'go-micro' });
    const queue = `mailer-${stage.names.exchange}`;
    await broker.subscribe('t.y', async () => {}, { queue });
    const channel = await (await stage.stranger(server)).createChannel();
    await channel.assertExchange(stage.names.exchange, 'topic', { durable: false, autoDelete: false });
    const { consumerCount } = await channel.assertQueue(queue, { durable: false, autoDelete: true, exclusive: false });
    expect(consumerCount).toBe(1);
  });

  it('shares a queue with members in Go where it is named as they name it', async () => {
    const broker = await stage.client(server, { queueNaming: 'go-micro' });
    const queue = `mailer-${stage.names.exchange}`;
    const ours: string[] = [];
    await broker.subscribe('t.y', async (delivery) => void ours.push(delivery.message.id), { queue });
    const channel = await (await stage.stranger(server)).createChannel();
    const theirs: string[] = [];
    const take = (received: ConsumeMessage | null): void =>
      void theirs.push(String(received?.properties.headers?.['Micro-ID']));
    await channel.consume(queue, take, { noAck: true });
    const ids = Array.from({ length: 20 }, (_, index) => `m${index}`);
    for (const id of ids) await broker.publish('t.y', messageOf(id));
    await eventually(() => expect([...ours, ...theirs].sort()).toEqual([...ids].sort()), { withinMs: patienceMs });
    expect(Math.min(ours.length, theirs.length)).toBeGreaterThan(0);
  });

  it('reaches subscribers at either level from either level, each once', async () => {
    const broker = await stage.client(server);
    const received: string[] = [];
    for (const delivery of ['atMostOnce', 'atLeastOnce'] as const) {
      await broker.subscribe('t.y', async ({ message: { id } }) => void received.push(`${id} ${delivery}`), {
        delivery,
      });
    }
    const heard = await overheard(await stage.stranger(server), stage.names.exchange, 't.y');
    for (const delivery of ['atMostOnce', 'atLeastOnce'] as const) {
      await broker.publish('t.y', messageOf(delivery), { delivery });
    }
    const all = [
      'atLeastOnce atLeastOnce',
      'atLeastOnce atMostOnce',
      'atMostOnce atLeastOnce',
      'atMostOnce atMostOnce',
    ];
    await eventually(() => expect([...received].sort()).toEqual(all), { withinMs: patienceMs });
    expect((await heard(2)).map(({ properties }) => properties.deliveryMode).sort()).toEqual([1, 2]);
    await passed(broker);
    expect([...received].sort()).toEqual(all);
  });
});

describe('messages of others', () => {
  it('are read by their properties where they have no headers', async () => {
    const inbox = await Inbox.open(await stage.client(server), 't.y');
    const channel = await (await stage.stranger(server)).createChannel();
    const properties = { messageId: 'order 42', contentType: 'text/plain', timestamp: 1_767_225_600 };
    channel.publish(stage.names.exchange, 't.y', Buffer.from('hi'), properties);
    await inbox.has('order 42');
    expect(inbox.deliveries[0]?.message).toMatchObject({ contentType: 'text/plain', timeMs: 1_767_225_600_000 });
  });

  it('that are none of ours are dropped at most once, counted, and logged once', async () => {
    const log = new LogLines();
    const broker = await stage.client(server, {}, log);
    const received: string[] = [];
    const handler = async ({ message: { id } }: { message: Message }): Promise<void> => void received.push(id);
    const subscription = of(PushedSubscription, await broker.subscribe('>', handler));
    const count = await sendHostile(await stage.stranger(server), stage.names.exchange);
    await passed(broker);
    await eventually(() => expect(subscription.malformed).toBe(count), { withinMs: patienceMs });
    expect(log.at('warn', 'malformed')).toHaveLength(1);
    expect(received).toEqual(['end of the line']);
  });
});

describe('publishing', () => {
  it('over our limit is ResourceExhausted and names both sizes', async () => {
    const broker = await stage.client(server, { maxMessageBytes: 1_000 });
    const failure = await rejectsWith(
      () => broker.publish('t.y', messageOf('m1', { body: Buffer.alloc(1_001) })),
      'ResourceExhausted',
    );
    expect([failure.executed, failure.rawMessage]).toEqual(['no', expect.stringMatching(/1001 bytes.* 1000$/)]);
    await broker.publish('t.y', messageOf('m1', { body: Buffer.alloc(1_000) }));
  });

  it('over the server’s limit fails for that message alone: those beside it arrive', async () => {
    const broker = await stage.client(server, { delivery: 'atLeastOnce' });
    const inbox = await Inbox.open(broker, 't.y');
    const ids = ['m1', 'm2', 'large', 'm3'];
    const outcomes = await Promise.allSettled(
      ids.map((id) => broker.publish('t.y', messageOf(id, { body: Buffer.alloc(id === 'large' ? 1_000_001 : 10) }))),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    const [, , failed] = outcomes;
    expect(failed).toMatchObject({ reason: { code: 'ResourceExhausted', executed: 'no' } });
    await inbox.has('m1', 'm2', 'm3');
    expect(broker.isConnected).toBe(true);
  });

  it('to a server that stopped reading waits, within bounds, and loses nothing that it accepted', async () => {
    const { broker, proxy } = await stage.cuttable(server, {
      maxPendingBytes: 2 * 1_024 ** 2,
      delivery: 'atLeastOnce',
    });
    const inbox = await Inbox.open(await stage.client(server, { delivery: 'atLeastOnce' }), 't.y');
    proxy.refuse();
    proxy.reset();
    await eventually(() => expect(broker.isConnected).toBe(false), { withinMs: patienceMs });
    const body = Buffer.alloc(50_000);
    const ids = Array.from({ length: 60 }, (_, index) => `m${index}`);
    const outcomes = Promise.allSettled(ids.map((id) => broker.publish('t.y', messageOf(id, { body }))));
    await proxy.heal();
    const settled = await outcomes;
    const published = ids.filter((_, index) => settled[index]?.status === 'fulfilled');
    expect(published).toHaveLength(41);
    expect(settled[41]).toMatchObject({ reason: { code: 'ResourceExhausted' } });
    await inbox.has(...published);
  });

  it('to a topic longer than a routing key is InvalidArgument', async () => {
    const broker = await stage.client(server);
    for (const delivery of ['atMostOnce', 'atLeastOnce'] as const) {
      await rejectsWith(() => broker.publish('t'.repeat(256), message, { delivery }), 'InvalidArgument');
    }
    await rejectsWith(() => broker.subscribe('t'.repeat(256), async () => {}), 'InvalidArgument');
    await broker.publish('t'.repeat(255), message);
  });
});

describe('a subscription at most once', () => {
  it('whose handlers are too slow drops the newest, counts each, and warns once', async () => {
    const log = new LogLines();
    const broker = await stage.client(server, { maxWaitingMessages: 5 }, log);
    const held = new HeldInbox();
    const subscription = of(PushedSubscription, await broker.subscribe('t.y', held.handle, { maxInFlight: 2 }));
    for (let index = 0; index < 100; index++) await broker.publish('t.y', messageOf(`m${index}`));
    await passed(broker);
    await eventually(() => expect(subscription.overflowed).toBe(93), { withinMs: patienceMs });
    expect(log.at('warn', 'handlers are slower')).toMatchObject([{ fields: { topic: 't.y', dropped: 1 } }]);
    held.open();
    await subscription.drain();
    expect(held.handled).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6']);
  });
});

describe('starting', () => {
  it('with a wrong password is Unauthenticated, and with a virtual host that is not there PermissionDenied', async () => {
    const servers = [server.address];
    const stranger = stage.broker({ servers, username: 'guest', password: 'wrong' });
    await rejectsWith(() => stranger.start(never), 'Unauthenticated');
    const lost = stage.broker({ servers, vhost: 'no/such' });
    await rejectsWith(() => lost.start(never), 'PermissionDenied');
  });

  it('beside an exchange of another kind is FailedPrecondition, and names it', async () => {
    const channel = await (await stage.stranger(server)).createChannel();
    await channel.assertExchange(stage.names.exchange, 'fanout', { durable: false });
    const failure = await rejectsWith(
      () => stage.broker({ servers: [server.address] }).start(never),
      'FailedPrecondition',
    );
    expect(failure.rawMessage).toContain(stage.names.exchange);
  });

  it('where nobody listens is Unavailable, and works later on', async () => {
    const { broker, proxy } = await stage.cuttable(server);
    await broker.close();
    proxy.refuse();
    const waiting = stage.broker({ servers: [proxy.address] });
    await rejectsWith(() => waiting.start(never), 'Unavailable');
    await proxy.heal();
    await waiting.start(never);
    await waiting.publish('t.y', message);
  });

  it('against a server that accepts and says nothing ends in time', async () => {
    const { broker, proxy } = await stage.cuttable(server);
    await broker.close();
    proxy.inject(faults.blackHole());
    const failure = await rejectsWith(
      () => stage.broker({ servers: [proxy.address], connectTimeoutMs: 200 }).start(never),
      'Unavailable',
    );
    expect(failure.rawMessage).toMatch(/no answer within \d+ ms/);
  });
});

/** What is no message of ours, each for another reason; returns how many. */
async function sendHostile(stranger: ChannelModel, exchange: string): Promise<number> {
  const channel = await stranger.createChannel();
  const send = (key: string, properties: object): boolean =>
    channel.publish(exchange, key, Buffer.from('x'), properties);
  send('no topic', {});
  send('a..b', {});
  send('t.y', { contentEncoding: 'gzip' });
  send('t.y', { headers: { 'Micro-ID': 7 } });
  send('t.y', { headers: { 'Content-Type': ['text/plain'] } });
  await channel.close();
  return 5;
}

/** A queue of a stranger's own, and what has come to it. */
async function overheard(
  stranger: ChannelModel,
  exchange: string,
  key: string,
): Promise<(count: number) => Promise<readonly ConsumeMessage[]>> {
  const received: ConsumeMessage[] = [];
  const channel = await stranger.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, exchange, key);
  const keep = (one: ConsumeMessage | null): void => {
    if (one !== null) received.push(one);
  };
  await channel.consume(queue, keep, { noAck: true });
  return async (count) => {
    await eventually(() => expect(received).toHaveLength(count), { withinMs: patienceMs });
    return received;
  };
}
