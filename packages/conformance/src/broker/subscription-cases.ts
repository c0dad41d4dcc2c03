import assert from 'node:assert/strict';
import type { Delivery } from '@tenon/contract';
import { eventually, within } from '../eventually.js';
import { rejectsWith } from '../rejects-with.js';
import type { ConformanceCase } from '../suite.js';
import { Fence } from './fence.js';
import type { BrokerFixture } from './fixture.js';
import { Gate } from './gate.js';
import { Inbox, idsFrom, messageOf, publishAll } from './inbox.js';

/** How handlers run, and how subscriptions and brokers end. */
export const subscriptionCases: readonly ConformanceCase<BrokerFixture>[] = [
  {
    name: 'a handler that rejects or throws does not stop the messages after it',
    async run({ broker }, limits) {
      const throwing = (delivery: Delivery): Promise<void> => {
        if (delivery.attempt > 1) return Promise.resolve();
        if (delivery.message.id === 'rejects') return Promise.reject(new Error('a rejection of the suite'));
        if (delivery.message.id === 'throws') throw new Error('an exception of the suite');
        return Promise.resolve();
      };
      const inbox = await Inbox.open(broker, 'user.created', limits, { maxInFlight: 1 }, throwing);
      for (const id of ['rejects', 'm1', 'throws', 'm2', 'rejects', 'm3']) {
        await broker.publish('user.created', messageOf(id));
      }
      await inbox.has('m1', 'm2', 'm3');
    },
  },
  {
    name: 'a rejected message comes again where delivery is at least once, and never where it is at most once',
    async run({ broker }, limits) {
      const rejectFirst = async ({ attempt }: Delivery): Promise<void> => {
        if (attempt === 1) throw new Error('a rejection of the suite');
      };
      const inbox = await Inbox.open(broker, 'user.created', limits, {}, rejectFirst);
      const fence = await Fence.build([broker], limits);
      await broker.publish('user.created', messageOf('m1'));
      await inbox.has('m1');
      const attempts = (): readonly number[] => inbox.deliveries.map(({ attempt }) => attempt);
      if (broker.capabilities.delivery === 'atLeastOnce') {
        await eventually(() => assert.deepEqual(attempts(), [1, 2]), { withinMs: limits.patienceMs });
      }
      await fence.pass();
      assert.deepEqual(attempts(), broker.capabilities.delivery === 'atLeastOnce' ? [1, 2] : [1]);
    },
  },
  {
    name: 'at most maxInFlight handlers run at once, and the other messages wait',
    async run({ broker }, limits) {
      const gate = new Gate();
      const inbox = await Inbox.open(broker, 'user.created', limits, { maxInFlight: 3 }, gate.pass);
      const fence = await Fence.build([broker], limits);
      const ids = idsFrom('m', 12);
      await publishAll(broker, 'user.created', ids);
      await eventually(() => assert.equal(gate.inside, 3), { withinMs: limits.patienceMs });
      await fence.pass();
      assert.equal(inbox.ids.length, 3);
      gate.open();
      await inbox.has(...ids);
      assert.equal(gate.peak, 3);
    },
  },
  {
    name: 'a subscription that is held up holds up no other',
    async run({ broker }, limits) {
      const gate = new Gate();
      const slow = await Inbox.open(broker, 'user.created', limits, { maxInFlight: 1 }, gate.pass);
      const brisk = await Inbox.open(broker, 'user.created', limits);
      const ids = idsFrom('m', 5);
      await publishAll(broker, 'user.created', ids);
      await brisk.has(...ids);
      await eventually(() => assert.equal(slow.ids.length, 1), { withinMs: limits.patienceMs });
      gate.open();
      await slow.has(...ids);
    },
  },
  {
    name: 'maxInFlight out of range is InvalidArgument',
    async run({ broker }) {
      for (const maxInFlight of [0, -1, 1.5, 65_537, Number.NaN]) {
        await rejectsWith(() => broker.subscribe('user.created', async () => {}, { maxInFlight }), 'InvalidArgument');
      }
    },
  },
  {
    name: 'draining finishes what has arrived and takes nothing new',
    async run({ broker, another }, limits) {
      const other = await another();
      const gate = new Gate();
      const inbox = await Inbox.open(broker, 'user.created', limits, { maxInFlight: 1 }, gate.pass);
      const fence = await Fence.build([broker, other], limits);
      await publishAll(other, 'user.created', ['m1', 'm2', 'm3']);
      await eventually(() => assert.equal(gate.inside, 1), { withinMs: limits.patienceMs });
      await fence.pass();
      let isDrained = false;
      const drained = inbox.subscription.drain().then(() => {
        isDrained = true;
      });
      await fence.pass();
      await publishAll(other, 'user.created', ['late-1', 'late-2']);
      await fence.pass();
      assert.equal(isDrained, false, 'draining ended before the handlers did');
      gate.open();
      await within(drained, limits.patienceMs, 'draining');
      assert.equal(gate.inside, 0);
      // At least once, what waits stays with the broker until a handler is free: only that one has arrived.
      const arrived = broker.capabilities.delivery === 'atLeastOnce' ? ['m1'] : ['m1', 'm2', 'm3'];
      assert.deepEqual(inbox.ids, arrived);
      await publishAll(other, 'user.created', ['late-3']);
      await fence.pass();
      assert.deepEqual(inbox.ids, arrived);
    },
  },
  {
    name: 'draining an idle subscription resolves, and draining or closing it again does too',
    async run({ broker }, limits) {
      const { subscription } = await Inbox.open(broker, 'user.created', limits);
      for (const end of ['drain', 'drain', 'close', 'close'] as const) {
        await within(subscription[end](), limits.patienceMs, `${end} of an idle subscription`);
      }
    },
  },
  {
    name: 'closing a subscription drops what waits, leaves running handlers alone, and ends no other',
    async run({ broker, another }, limits) {
      const other = await another();
      const gate = new Gate();
      const inbox = await Inbox.open(broker, 'user.created', limits, { maxInFlight: 1 }, gate.pass);
      const neighbour = await Inbox.open(broker, 'user.created', limits);
      const fence = await Fence.build([broker, other], limits);
      await publishAll(other, 'user.created', ['m1', 'm2', 'm3']);
      await eventually(() => assert.equal(gate.inside, 1), { withinMs: limits.patienceMs });
      await fence.pass();
      // Whether closing waits for the handler that runs is left open; the gate opens once it has had its effect.
      const closed = inbox.subscription.close();
      await fence.pass();
      gate.open();
      await within(closed, limits.patienceMs, 'closing a subscription');
      await eventually(() => assert.equal(gate.inside, 0), { withinMs: limits.patienceMs });
      await other.publish('user.created', messageOf('late'));
      await neighbour.has('m1', 'm2', 'm3', 'late');
      await fence.pass();
      assert.deepEqual(inbox.ids, ['m1']);
    },
  },
  {
    name: 'a queue whose member has closed goes to those that remain',
    async run({ broker, another }, limits) {
      const other = await another();
      const leaving = await Inbox.open(broker, 'user.created', limits, { queue: 'mailer' });
      const staying = await Inbox.open(other, 'user.created', limits, { queue: 'mailer' });
      const fence = await Fence.build([broker, other], limits);
      await leaving.subscription.close();
      await fence.pass();
      const ids = idsFrom('m', 10);
      await publishAll(other, 'user.created', ids);
      await staying.has(...ids);
      assert.deepEqual(leaving.ids, []);
    },
  },
  {
    name: 'closing the broker ends its subscriptions, and no other client’s',
    async run({ broker, another }, limits) {
      const other = await another();
      const mine = await Inbox.open(broker, 'user.created', limits);
      const theirs = await Inbox.open(other, 'user.created', limits);
      await other.publish('user.created', messageOf('m1'));
      await Promise.all([mine.has('m1'), theirs.has('m1')]);
      await within(broker.close(), limits.patienceMs, 'closing the broker');
      const fence = await Fence.build([other], limits);
      await other.publish('user.created', messageOf('m2'));
      await theirs.has('m2');
      await fence.pass();
      assert.deepEqual(mine.ids, ['m1']);
    },
  },
  {
    name: 'after close, publishing and subscribing reject with FailedPrecondition, and closing twice is fine',
    async run({ broker }) {
      await broker.close();
      await broker.close();
      await rejectsWith(() => broker.publish('user.created', messageOf('m1')), 'FailedPrecondition');
      await rejectsWith(() => broker.subscribe('user.created', async () => {}), 'FailedPrecondition');
    },
  },
];
