import assert from 'node:assert/strict';
import { eventually, within } from '../eventually.js';
import { needed } from '../needed.js';
import { rejectsWith } from '../rejects-with.js';
import type { ConformanceCase } from '../suite.js';
import { Fence } from './fence.js';
import type { BrokerFixture } from './fixture.js';
import { Inbox, idsFrom, messageOf, publishAll } from './inbox.js';

/** Losing the back end, and finding it again. */
export const faultCases: readonly ConformanceCase<BrokerFixture>[] = [
  {
    name: 'publishing while the back end is lost is buffered or rejected, as declared',
    async run(fixture, limits) {
      const { broker, another } = fixture;
      const { patienceMs } = limits;
      const faults = needed(fixture.faults, 'faults');
      const inbox = await Inbox.open(await another(), 'user.created', limits);
      await faults.cut();
      if (broker.capabilities.levels[broker.capabilities.delivery]?.whileDown === 'rejects') {
        const refused = rejectsWith(() => broker.publish('user.created', messageOf('refused')), 'Unavailable');
        await within(refused, patienceMs, 'publishing to a lost back end');
        await faults.heal();
      } else {
        const ids = idsFrom('buffered-', 10);
        // Whether a buffered publish resolves at once or with the hand-over is the provider's choice.
        const publishing = Promise.all(ids.map((id) => broker.publish('user.created', messageOf(id))));
        // Seen to at once, so that a rejection meanwhile is not an unhandled one.
        const published = publishing.then(
          () => undefined,
          (failure: unknown) => failure,
        );
        await faults.heal();
        assert.equal(await within(published, patienceMs, 'publishing to a buffer'), undefined);
        await inbox.has(...ids);
      }
      await arrivesAgain(broker, inbox, patienceMs);
      assert.ok(!inbox.ids.includes('refused'), 'a message whose publishing was rejected arrived');
    },
  },
  {
    name: 'every subscription stands again after a lost back end, once',
    async run(fixture, limits) {
      const { broker } = fixture;
      const { patienceMs } = limits;
      const faults = needed(fixture.faults, 'faults');
      const publisher = await fixture.another();
      const plain = await Inbox.open(broker, 'user.created', limits);
      const queued = await Inbox.open(broker, 'user.created', limits, { queue: 'mailer' });
      const ended = await Inbox.open(broker, 'user.created', limits);
      await ended.subscription.close();
      for (const round of ['first', 'second']) {
        await faults.cut();
        await faults.heal();
        await arrivesAgain(publisher, plain, patienceMs);
        await arrivesAgain(publisher, queued, patienceMs);
        const fence = await Fence.build([broker, publisher], limits);
        const ids = idsFrom(`${round}-`, 10);
        await publishAll(publisher, 'user.created', ids);
        await plain.has(...ids);
        await queued.has(...ids);
        await fence.pass();
        for (const inbox of [plain, queued]) {
          assert.deepEqual(inbox.ids.filter((id) => id.startsWith(round)).sort(), [...ids].sort());
        }
      }
      assert.deepEqual(ended.ids, [], 'a subscription that was closed stood again');
    },
  },
  {
    name: 'subscribing while the back end is lost stands after it, or rejects with Unavailable',
    async run(fixture, limits) {
      const { broker } = fixture;
      const { patienceMs } = limits;
      const faults = needed(fixture.faults, 'faults');
      await faults.cut();
      const subscribing = Inbox.open(broker, 'user.created', limits);
      const outcome = subscribing.catch((failure: unknown) =>
        rejectsWith(() => Promise.reject(failure), 'Unavailable'),
      );
      await faults.heal();
      const inbox = await within(outcome, patienceMs, 'subscribing to a lost back end');
      if (inbox instanceof Inbox) await arrivesAgain(broker, inbox, patienceMs);
      else await eventually(() => Inbox.open(broker, 'user.created', limits), { withinMs: patienceMs });
    },
  },
  {
    name: 'draining and closing while the back end is lost resolve',
    async run(fixture, limits) {
      const { broker } = fixture;
      const { patienceMs } = limits;
      const faults = needed(fixture.faults, 'faults');
      const drained = await Inbox.open(broker, 'user.created', limits);
      const closed = await Inbox.open(broker, 'user.created', limits);
      await faults.cut();
      await within(drained.subscription.drain(), patienceMs, 'draining while the back end is lost');
      await within(closed.subscription.close(), patienceMs, 'closing a subscription while the back end is lost');
      await within(broker.close(), patienceMs, 'closing the broker while the back end is lost');
      await faults.heal();
    },
  },
];

/** Publishes until a message arrives: those before the subscription stands again may be lost. */
async function arrivesAgain(publisher: BrokerFixture['broker'], inbox: Inbox, patienceMs: number): Promise<void> {
  let attempt = 0;
  const before = inbox.ids.length;
  await eventually(
    async () => {
      attempt += 1;
      await publisher.publish('user.created', messageOf(`probe-${before}-${attempt}`));
      assert.ok(
        inbox.ids.slice(before).some((id) => id.startsWith('probe-')),
        'nothing arrives after the outage',
      );
    },
    { withinMs: patienceMs, everyMs: 25 },
  );
}
