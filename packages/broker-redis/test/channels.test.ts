import { eventually } from '@tenon/conformance';
import type { Delivery } from '@tenon/contract';
import { FaultProxy } from '@tenon/testing/fault-proxy';
import { afterEach, describe, expect, it } from 'vitest';
import { ChannelSubscription } from '../src/channels/channel-subscription.js';
import { HeldInbox, Inbox, messageOf, of, passed, patienceMs } from './inbox.js';
import { LogLines } from './log-lines.js';
import { Stage } from './stage.js';

const stage = new Stage();
afterEach(() => stage.end());

describe('a subscription at most once', () => {
  it('whose handlers are too slow drops the newest, counts each, and warns once', async () => {
    const log = new LogLines();
    const broker = await stage.client(await stage.server(), { maxWaitingMessages: 5 }, log);
    const held = new HeldInbox();
    const subscription = of(
      ChannelSubscription,
      await broker.subscribe('user.created', held.handle, { maxInFlight: 2 }),
    );
    for (let index = 0; index < 100; index++) await broker.publish('user.created', messageOf(`m${index}`));
    await passed(broker);
    expect(subscription.overflowed).toBe(93);
    expect(log.at('warn', 'handlers are slower')).toMatchObject([{ fields: { topic: 'user.created', dropped: 1 } }]);
    held.open();
    await subscription.drain();
    expect(held.handled).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6']);
  });

  it('counts what is no message, and goes on', async () => {
    const server = await stage.server();
    const broker = await stage.client(server);
    const stranger = await stage.stranger(server);
    const inbox = await Inbox.open(broker, 'user.created');
    const [subscription] = [of(ChannelSubscription, await broker.subscribe('user.created', async () => {}))];
    for (const payload of ['', 'hello', 'user.created\n', 'user.created\n\u0001', '\n\n\n'])
      await stranger.publish('tenon/topic/user.created', payload);
    await broker.publish('user.created', messageOf('m1'));
    await inbox.has('m1');
    // What says another topic is not for it, and not counted.
    expect([inbox.ids, subscription.malformed]).toEqual([['m1'], 4]);
  });

  it('of a queue over a pattern shares what its topics get, each message going to one', async () => {
    const server = await stage.server();
    const [one, other] = [await stage.client(server), await stage.client(server)];
    const got: Delivery[] = [];
    const handle = async (delivery: Delivery): Promise<void> => void got.push(delivery);
    await one.subscribe('order-1.*.created', handle, { queue: 'mailer' });
    await other.subscribe('order-1.*.created', handle, { queue: 'mailer' });
    for (const topic of ['order-1.eu.created', 'order-1.us.created', 'order-1.eu.de.created', 'order.1.eu.created'])
      await one.publish(topic, messageOf(topic));
    await passed(one);
    await passed(other);
    expect(got.map(({ topic }) => topic).sort()).toEqual(['order-1.eu.created', 'order-1.us.created']);
  });

  it('of a queue whose other members died gets everything at once, and what is known of them is swept out', async () => {
    const server = await stage.server();
    const stranger = await stage.stranger(server);
    const publisher = await stage.client(server);
    const held = new HeldInbox();
    for (const pattern of ['user.created', 'user.*']) {
      const proxy = await FaultProxy.start({ host: '127.0.0.1', port: server.port });
      stage.onEnd(() => proxy.close());
      const doomed = await stage.client(server, { servers: [proxy.address] });
      await doomed.subscribe(pattern, held.handle, { queue: 'mailer' });
      proxy.refuse();
      proxy.reset();
      await eventually(() => expect(doomed.isConnected).toBe(false), { withinMs: patienceMs });
    }
    const living = await stage.client(server);
    const got: string[] = [];
    await living.subscribe('user.created', async ({ message }) => void got.push(message.id), { queue: 'mailer' });
    const ids = Array.from({ length: 20 }, (_, index) => `m${index}`);
    for (const id of ids) await publisher.publish('user.created', messageOf(id));
    await passed(living);
    expect(got).toEqual(ids);
    expect(await stranger.scard('tenon/members/user.created/mailer')).toBe(1);
    expect(await stranger.exists('tenon/patterns', 'tenon/members/user.*/mailer')).toBe(0);
    held.open();
  });

  it('of a queue is back in it after somebody has emptied the database', async () => {
    const server = await stage.server();
    const stranger = await stage.stranger(server);
    const broker = await stage.client(server);
    const got: string[] = [];
    for (const topic of ['user.created', 'user.*'])
      await broker.subscribe(topic, async () => void got.push(topic), { queue: `of-${topic.length}` });
    await stranger.flushall();
    await eventually(
      async () => {
        await broker.publish('user.created', messageOf('probe'));
        expect([...new Set(got)].sort()).toEqual(['user.*', 'user.created']);
      },
      { withinMs: patienceMs, everyMs: 100 },
    );
  });

  it('keeps nothing in the server, and hears what is published at least once too', async () => {
    const server = await stage.server();
    const stranger = await stage.stranger(server);
    const broker = await stage.client(server);
    const inbox = await Inbox.open(broker, 'user.created');
    await broker.publish('user.created', messageOf('m1'));
    await inbox.has('m1');
    expect(await stranger.dbsize()).toBe(0);
    await broker.publish('user.created', messageOf('m2'), { delivery: 'atLeastOnce' });
    await inbox.has('m2');
    expect(inbox.ids).toEqual(['m1', 'm2']);
  });

  it('is of its database and prefix alone', async () => {
    const server = await stage.server();
    const [here, elsewhere, others] = [
      await stage.client(server),
      await stage.client(server, { db: 1 }),
      await stage.client(server, { prefix: 'tenon:2' }),
    ];
    const inboxes = await Promise.all([here, elsewhere, others].map((broker) => Inbox.open(broker, 'user.>')));
    await elsewhere.publish('user.created', messageOf('m1'));
    await others.publish('user.created', messageOf('m2'));
    for (const broker of [here, elsewhere, others]) await passed(broker);
    expect(inboxes.map(({ ids }) => ids)).toEqual([[], ['m1'], ['m2']]);
  });
});
