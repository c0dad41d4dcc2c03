import assert from 'node:assert/strict';
import type { Delivery, Message } from '@tenon/contract';
import { eventually, within } from '../eventually.js';
import { frozen } from '../frozen.js';
import { rejectsWith } from '../rejects-with.js';
import type { ConformanceCase } from '../suite.js';
import { Fence } from './fence.js';
import type { BrokerFixture } from './fixture.js';
import { Inbox, idsFrom, messageOf, publishAll } from './inbox.js';

/** Who gets which message, and what of it, while all is well. */
export const deliveryCases: readonly ConformanceCase<BrokerFixture>[] = [
  {
    name: 'a subscriber gets what is published from then on, by any client',
    async run({ broker, another }, limits) {
      const other = await another();
      const inbox = await Inbox.open(broker, 'user.created', limits);
      await broker.publish('user.created', messageOf('m1'));
      await other.publish('user.created', messageOf('m2'));
      await inbox.has('m1', 'm2');
      const [first] = inbox.deliveries;
      assert.deepEqual([first?.topic, first?.attempt], ['user.created', 1]);
      assert.equal(inbox.subscription.topic, 'user.created');
    },
  },
  {
    name: 'each of two subscribers gets every message, once',
    async run({ broker, another }, limits) {
      const other = await another();
      const inboxes = await Promise.all(
        [broker, broker, other].map((client) => Inbox.open(client, 'user.created', limits)),
      );
      const fence = await Fence.build([broker, other], limits);
      const ids = idsFrom('m', 10);
      await publishAll(other, 'user.created', ids);
      for (const inbox of inboxes) await inbox.has(...ids);
      await fence.pass();
      for (const inbox of inboxes) assert.deepEqual(firstDeliveries(inbox), [...ids].sort());
    },
  },
  {
    name: 'the members of a queue share its messages, each going to one',
    async run({ broker, another }, limits) {
      const other = await another();
      // One at a time, and each takes a moment: members that fetch could otherwise have all before the other looks.
      const options = { queue: 'mailer', maxInFlight: 1 };
      const members = [
        await Inbox.open(broker, 'user.created', limits, options, aMoment),
        await Inbox.open(other, 'user.created', limits, options, aMoment),
      ] as const;
      const fence = await Fence.build([broker, other], limits);
      const ids = idsFrom('m', 60);
      await publishAll(broker, 'user.created', ids);
      await eventually(
        () =>
          assert.ok(members[0].ids.length + members[1].ids.length >= ids.length, 'messages of the queue are missing'),
        { withinMs: limits.patienceMs },
      );
      await fence.pass();
      assert.deepEqual([...firstDeliveries(members[0]), ...firstDeliveries(members[1])].sort(), [...ids].sort());
      for (const member of members) assert.ok(member.ids.length > 0, 'one member got nothing of sixty messages');
    },
  },
  {
    name: 'each queue of a topic gets one copy, beside subscribers without a queue',
    async run({ broker, another }, limits) {
      const other = await another();
      const plain = await Inbox.open(broker, 'user.created', limits);
      const mailer = await Inbox.open(broker, 'user.created', limits, { queue: 'mailer' });
      const audits = [
        await Inbox.open(broker, 'user.created', limits, { queue: 'audit' }),
        await Inbox.open(other, 'user.created', limits, { queue: 'audit' }),
      ] as const;
      const fence = await Fence.build([broker, other], limits);
      const ids = idsFrom('m', 20);
      await publishAll(broker, 'user.created', ids);
      for (const inbox of [plain, mailer]) await inbox.has(...ids);
      await fence.pass();
      for (const inbox of [plain, mailer]) assert.deepEqual(firstDeliveries(inbox), [...ids].sort());
      assert.deepEqual([...firstDeliveries(audits[0]), ...firstDeliveries(audits[1])].sort(), [...ids].sort());
    },
  },
  {
    name: 'the same queue name on two topics is two queues',
    async run({ broker }, limits) {
      const created = await Inbox.open(broker, 'user.created', limits, { queue: 'mailer' });
      const removed = await Inbox.open(broker, 'user.removed', limits, { queue: 'mailer' });
      await publishAll(broker, 'user.created', ['c1', 'c2']);
      await publishAll(broker, 'user.removed', ['r1', 'r2']);
      await created.has('c1', 'c2');
      await removed.has('r1', 'r2');
    },
  },
  {
    name: 'a message arrives as it was published: id, time, content type, metadata, trace and body',
    async run({ broker, another }, limits) {
      const inbox = await Inbox.open(await another(), 'user.created', limits);
      for (const message of assortedMessages()) {
        await broker.publish('user.created', message);
        await inbox.has(message.id);
      }
      assert.deepEqual(
        inbox.deliveries.map(({ message }) => plain(message)),
        assortedMessages().map(plain),
      );
    },
  },
  {
    name: 'metadata keys named __proto__ or constructor are only data',
    async run({ broker, another }, limits) {
      const inbox = await Inbox.open(await another(), 'user.created', limits);
      const metadata = JSON.parse('{"__proto__":"p","constructor":"c","plain":"x"}') as Record<string, string>;
      await broker.publish('user.created', messageOf('m1', { metadata }));
      await inbox.has('m1');
      const received = inbox.deliveries[0]?.message.metadata ?? {};
      assert.deepEqual(Object.entries(received).sort(), Object.entries(metadata).sort());
      assert.equal(Reflect.get({}, 'plain'), undefined);
    },
  },
  {
    name: 'a message of another topic does not arrive',
    async run({ broker, another }, limits) {
      const other = await another();
      const inbox = await Inbox.open(broker, 'user.created', limits);
      const fence = await Fence.build([broker, other], limits);
      for (const topic of ['user', 'user.created.eu', 'user.create', 'user.Created', 'created', 'eu.user.created']) {
        await other.publish(topic, messageOf(topic));
      }
      await other.publish('user.created', messageOf('m1'));
      await inbox.has('m1');
      await fence.pass();
      assert.deepEqual(inbox.ids, ['m1']);
    },
  },
  {
    name: 'publishing where nobody subscribed is no error',
    async run({ broker }, limits) {
      await within(broker.publish('nobody.listens', messageOf('m1')), limits.patienceMs, 'publishing');
    },
  },
  {
    name: 'messages of one publisher keep their order where one handler runs at a time',
    async run({ broker, another }, limits) {
      const publisher = await another();
      const inbox = await Inbox.open(broker, 'user.created', limits, { maxInFlight: 1 }, nextTurn);
      const ids = idsFrom('m', 200);
      await Promise.all(ids.map((id) => publisher.publish('user.created', messageOf(id))));
      await inbox.has(...ids);
      assert.deepEqual(inbox.ids, ids);
    },
  },
  {
    name: 'the publisher may use its buffer again, and no subscriber sees what another does to a message',
    async run({ broker }, limits) {
      const scribble = async ({ message }: Delivery): Promise<void> => {
        message.body.fill(0);
        Reflect.set(message.metadata, 'zone', 'changed');
        Reflect.set(message, 'id', 'changed');
      };
      const kept: string[] = [];
      const keep = async ({ message }: Delivery): Promise<void> => {
        kept.push(`${message.id} ${Buffer.from(message.body).toString()} ${message.metadata['zone']}`);
      };
      await broker.subscribe('user.created', scribble);
      await broker.subscribe('user.created', keep);
      await broker.subscribe('user.created', scribble);
      const body = Buffer.from('first');
      const metadata = { zone: 'a' };
      await broker.publish('user.created', { ...messageOf('m1'), body, metadata });
      body.write('later');
      metadata.zone = 'b';
      await eventually(() => assert.deepEqual(kept, ['m1 first a']), { withinMs: limits.patienceMs });
      assert.equal(body.toString(), 'later');
    },
  },
  {
    name: 'what callers hand over is left as it was',
    async run({ broker }, limits) {
      const body = Buffer.from([1, 2, 3]);
      const message = messageOf('m1', { body, metadata: { zone: 'a' } });
      const options = frozen({ queue: 'mailer', maxInFlight: 4 });
      const inbox = await Inbox.open(broker, 'user.created', limits, options);
      await broker.publish('user.created', message, frozen({}));
      await inbox.has('m1');
      assert.deepEqual([...body], [1, 2, 3]);
      assert.deepEqual(message, messageOf('m1', { body: Buffer.from([1, 2, 3]), metadata: { zone: 'a' } }));
    },
  },
  {
    name: 'an aborted publish is Canceled and not delivered',
    async run({ broker }, limits) {
      const inbox = await Inbox.open(broker, 'user.created', limits);
      const fence = await Fence.build([broker], limits);
      const signal = AbortSignal.abort();
      await rejectsWith(() => broker.publish('user.created', messageOf('m1'), { signal }), 'Canceled');
      await fence.pass();
      assert.deepEqual(inbox.ids, []);
    },
  },
  {
    name: 'an aborted subscribe is Canceled and receives nothing',
    async run({ broker }, limits) {
      const received: string[] = [];
      const signal = AbortSignal.abort();
      const handler = async ({ message }: Delivery): Promise<void> => void received.push(message.id);
      await rejectsWith(() => broker.subscribe('user.created', handler, { signal }), 'Canceled');
      const fence = await Fence.build([broker], limits);
      await broker.publish('user.created', messageOf('m1'));
      await fence.pass();
      assert.deepEqual(received, []);
    },
  },
];

/** Each field at its edges; ids that are UUIDs and ids that are not. */
function assortedMessages(): readonly Message[] {
  return [
    messageOf('3f0c1c52-9a5e-4c5e-8f0e-0a1b2c3d4e5f', {
      contentType: 'application/msgpack',
      body: Uint8Array.from({ length: 256 }, (_, byte) => byte),
      metadata: { zone: 'café ☕ 茶 👩‍🚀', empty: '', 'x-long': 'ß'.repeat(2_000) },
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    }),
    messageOf('order 42 · ünïcode', {
      timeMs: 0,
      contentType: 'application/json; charset=utf-8',
      body: Buffer.from('{}'),
    }),
    messageOf('empty', { body: new Uint8Array(0), timeMs: 4_102_444_800_000 }),
    messageOf('a view into a larger buffer', { body: Buffer.from('--inside--').subarray(2, 8) }),
    messageOf('large', { body: Buffer.alloc(300_000, 'tenon ') }),
  ];
}

/** The comparable content of a message: what is absent and what is undefined count the same. */
function plain(message: Message): unknown {
  return {
    id: message.id,
    timeMs: message.timeMs,
    contentType: message.contentType,
    body: Buffer.from(message.body).toString('latin1'),
    metadata: { ...message.metadata },
    traceparent: message.traceparent ?? null,
  };
}

/** The sorted ids that an inbox was handed for the first time: redeliveries, where there are any, are not doubles. */
function firstDeliveries(inbox: Inbox): readonly string[] {
  return inbox.deliveries
    .filter(({ attempt }) => attempt === 1)
    .map(({ message }) => message.id)
    .sort();
}

function aMoment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 3));
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
