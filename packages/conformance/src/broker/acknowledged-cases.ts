import assert from 'node:assert/strict';
import { type Broker, type DeadLetter, type Delivery, type SubscribeOptions, Unprocessable } from '@tenon/contract';
import { eventually, within } from '../eventually.js';
import { needed } from '../needed.js';
import { rejectsWith } from '../rejects-with.js';
import type { CaseLimits, ConformanceCase } from '../suite.js';
import type { BrokerFixture } from './fixture.js';
import { Gate } from './gate.js';
import { Inbox, idsFrom, messageOf, publishAll } from './inbox.js';

/** What at least once means. A broker without that level must refuse to subscribe so, which is then what each of these cases checks. */
export const acknowledgedCases: readonly ConformanceCase<BrokerFixture>[] = [
  {
    name: 'at least once: a rejected message comes again after a while, with its attempts counted, and no more once handled',
    async run(fixture, limits) {
      if (await refusesLevel(fixture)) return;
      const { broker } = fixture;
      const twice = async ({ attempt }: Delivery): Promise<void> => {
        if (attempt < 3) throw new Error('a rejection of the suite');
      };
      const inbox = await Inbox.open(broker, 'user.created', limits, { ...brisk, queue: 'mailer' }, twice);
      await broker.publish('user.created', messageOf('m1'), atLeastOnce);
      const attempts = (): readonly number[] => inbox.deliveries.map(({ attempt }) => attempt);
      await eventually(() => assert.deepEqual(attempts(), [1, 2, 3]), { withinMs: limits.patienceMs });
      await passed(300);
      assert.deepEqual(attempts(), [1, 2, 3]);
      for (const { message } of inbox.deliveries) {
        assert.deepEqual([message.id, Buffer.from(message.body).toString()], ['m1', 'body of m1']);
      }
    },
  },
  {
    name: 'at least once: a message that no attempt handles goes to the dead letters, and those beside it are handled',
    async run(fixture, limits) {
      if (await refusesLevel(fixture)) return;
      const { broker, another } = fixture;
      const poisoned = async ({ message }: Delivery): Promise<void> => {
        if (message.id === 'poison') throw new Error('a rejection of the suite');
      };
      const options = { ...brisk, queue: 'mailer', maxAttempts: 3 };
      const inbox = await Inbox.open(broker, 'user.created', limits, options, poisoned);
      const buried = await Inbox.open(await another(), 'dead-letters.mailer', limits, {
        ...brisk,
        queue: 'undertaker',
      });
      await broker.publish('user.created', messageOf('poison', { metadata: { zone: 'a' } }), atLeastOnce);
      await publishAll(broker, 'user.created', idsFrom('m', 20), atLeastOnce);
      await inbox.has(...idsFrom('m', 20));
      await buried.has('poison');
      const [letter] = await letters(broker, 1, limits);
      assert.deepEqual(factsOf(letter), ['user.created', 'mailer', 3, 'Internal', 'poison']);
      assert.match(letter?.reason ?? '', /a rejection of the suite/);
      assert.deepEqual({ ...letter?.message.metadata }, { zone: 'a' });
      assert.equal(Buffer.from(letter?.message.body ?? []).toString(), 'body of poison');
      await passed(300);
      assert.equal(inbox.ids.filter((id) => id === 'poison').length, 3);
    },
  },
  {
    name: 'at least once: what cannot be handled goes to the dead letters at once, to the topic that was named',
    async run(fixture, limits) {
      if (await refusesLevel(fixture)) return;
      const { broker } = fixture;
      const hopeless = async (): Promise<void> => {
        throw new Unprocessable('a field is missing');
      };
      const options = { ...brisk, queue: 'mailer', deadLetter: 'graveyard.mails' };
      const inbox = await Inbox.open(broker, 'user.created', limits, options, hopeless);
      await broker.publish('user.created', messageOf('m1'), atLeastOnce);
      const [letter] = await letters(broker, 1, limits, 'graveyard.mails');
      assert.deepEqual(factsOf(letter), ['user.created', 'mailer', 1, 'InvalidArgument', 'm1']);
      assert.deepEqual(inbox.ids, ['m1']);
    },
  },
  {
    name: 'at least once: a dead letter that is requeued comes to the queue that gave it up, and to no other',
    async run(fixture, limits) {
      if (await refusesLevel(fixture)) return;
      const { broker } = fixture;
      let isMended = false;
      const failing = async (): Promise<void> => {
        if (!isMended) throw new Unprocessable('not yet');
      };
      const mailer = await Inbox.open(broker, 'user.created', limits, { ...brisk, queue: 'mailer' }, failing);
      const audit = await Inbox.open(broker, 'user.created', limits, { ...brisk, queue: 'audit' });
      await broker.publish('user.created', messageOf('m1'), atLeastOnce);
      const [letter] = await letters(broker, 1, limits);
      isMended = true;
      const deadLetters = needed(broker.deadLetters, 'deadLetters');
      await deadLetters.requeue(letter?.id ?? '');
      await eventually(() => assert.deepEqual(mailer.ids, ['m1', 'm1']), { withinMs: limits.patienceMs });
      await passed(300);
      assert.deepEqual([mailer.ids, audit.ids], [['m1', 'm1'], ['m1']]);
      assert.deepEqual(await deadLetters.list(), []);
      await rejectsWith(() => deadLetters.requeue(letter?.id ?? ''), 'NotFound');
    },
  },
  {
    name: 'at least once: a dead letter that is removed is gone, once',
    async run(fixture, limits) {
      if (await refusesLevel(fixture)) return;
      const { broker } = fixture;
      const hopeless = async (): Promise<void> => {
        throw new Unprocessable('never');
      };
      await Inbox.open(broker, 'user.created', limits, { ...brisk, queue: 'mailer' }, hopeless);
      await publishAll(broker, 'user.created', ['m1', 'm2'], atLeastOnce);
      const [first, second] = await letters(broker, 2, limits);
      const deadLetters = needed(broker.deadLetters, 'deadLetters');
      assert.equal(await deadLetters.remove(first?.id ?? ''), true);
      assert.equal(await deadLetters.remove(first?.id ?? ''), false);
      assert.deepEqual(
        (await deadLetters.list()).map(({ message }) => message.id),
        [second?.message.id],
      );
    },
  },
  {
    name: 'at least once: a message that its subscriber did not live to handle comes to another',
    async run(fixture, limits) {
      if (await refusesLevel(fixture)) return;
      const { broker, another, crash } = fixture;
      const gate = new Gate();
      const options = { ...brisk, queue: 'mailer', ackWaitMs: 1_000 };
      const doomed = await another();
      const dying = await Inbox.open(doomed, 'user.created', limits, { ...options, maxInFlight: 1 }, gate.pass);
      await broker.publish('user.created', messageOf('m1'), atLeastOnce);
      await dying.has('m1');
      await needed(crash, 'crash')(doomed);
      const heir = await Inbox.open(broker, 'user.created', limits, options);
      await heir.has('m1');
      assert.equal(heir.deliveries[0]?.attempt, 2);
      gate.open();
    },
  },
  {
    name: 'at least once: a handler that takes longer than ackWaitMs is not run twice',
    async run(fixture, limits) {
      if (await refusesLevel(fixture)) return;
      const { broker } = fixture;
      const options = { ...brisk, queue: 'mailer', ackWaitMs: 300 };
      const inbox = await Inbox.open(broker, 'user.created', limits, options, () => passed(3_000));
      await broker.publish('user.created', messageOf('m1'), atLeastOnce);
      await inbox.has('m1');
      await passed(3_500);
      assert.deepEqual(inbox.ids, ['m1']);
    },
  },
  {
    name: 'at least once: what is published while nobody of a queue is there waits for the next',
    async run(fixture, limits) {
      if (await refusesLevel(fixture)) return;
      const { broker, another } = fixture;
      const other = await another();
      const options = { ...brisk, queue: 'mailer' };
      const early = await Inbox.open(broker, 'user.created', limits, options);
      await broker.publish('user.created', messageOf('m0'), atLeastOnce);
      await early.has('m0');
      await early.subscription.drain();
      await publishAll(broker, 'user.created', idsFrom('m', 10), atLeastOnce);
      const late = await Inbox.open(other, 'user.created', limits, options);
      await late.has(...idsFrom('m', 10));
      assert.deepEqual(early.ids, ['m0']);
      assert.equal(late.ids.length, 10);
    },
  },
  {
    name: 'at least once: an ordered subscription handles one at a time, and what fails before what comes after it',
    async run(fixture, limits) {
      if (await refusesLevel(fixture)) return;
      const { broker, another } = fixture;
      const seen: string[] = [];
      let inside = 0;
      let peak = 0;
      const handle = async ({ message, attempt }: Delivery): Promise<void> => {
        inside += 1;
        peak = Math.max(peak, inside);
        await passed(5);
        inside -= 1;
        if (message.id === 'm2' && attempt === 1) throw new Error('a rejection of the suite');
        seen.push(message.id);
      };
      const options = { ...brisk, queue: 'mailer', ordered: true };
      const members = [
        await Inbox.open(broker, 'user.created', limits, options, handle),
        await Inbox.open(await another(), 'user.created', limits, options, handle),
      ];
      await publishAll(broker, 'user.created', idsFrom('m', 10), atLeastOnce);
      await eventually(() => assert.equal(seen.length, 10), { withinMs: limits.patienceMs });
      assert.deepEqual([seen, peak], [idsFrom('m', 10), 1]);
      assert.equal(members.flatMap(({ ids }) => ids).length, 11);
    },
  },
  {
    name: 'at least once: a subscription begins with what was published before it, where the broker can',
    async run(fixture, limits) {
      if (await refusesLevel(fixture)) return;
      const { broker } = fixture;
      const queued = await Inbox.open(broker, 'user.created', limits, { ...brisk, queue: 'mailer' });
      for (const [index, id] of idsFrom('m', 3).entries())
        await broker.publish('user.created', messageOf(id, { timeMs: 1_767_225_600_000 + index }), atLeastOnce);
      await queued.has(...idsFrom('m', 3));
      const options = { ...brisk, queue: 'audit', startFrom: 'first' } as const;
      if (broker.capabilities.levels.atLeastOnce?.replays !== true) {
        await rejectsWith(() => broker.subscribe('user.created', async () => {}, options), 'Unimplemented');
        return;
      }
      const audit = await Inbox.open(broker, 'user.created', limits, options);
      await audit.has(...idsFrom('m', 3));
      const sequence = audit.deliveries[1]?.sequence ?? 0;
      const later = await Inbox.open(broker, 'user.created', limits, {
        ...brisk,
        queue: 'late',
        startFrom: { sequence },
      });
      await later.has('m2', 'm3');
      assert.deepEqual(later.ids, ['m2', 'm3']);
    },
  },
  {
    name: 'at least once: closing a subscription gives what it has not handled to the others of its queue',
    async run(fixture, limits) {
      if (await refusesLevel(fixture)) return;
      const { broker, another } = fixture;
      const gate = new Gate();
      const options = { ...brisk, queue: 'mailer', ackWaitMs: 1_000 };
      const leaving = await Inbox.open(
        await another(),
        'user.created',
        limits,
        { ...options, maxInFlight: 1 },
        gate.pass,
      );
      await publishAll(broker, 'user.created', idsFrom('m', 5), atLeastOnce);
      await eventually(() => assert.equal(gate.inside, 1), { withinMs: limits.patienceMs });
      const closing = leaving.subscription.close();
      gate.open();
      await within(closing, limits.patienceMs, 'closing');
      // Time enough for one that goes on taking to take the rest.
      await eventually(() => assert.equal(gate.inside, 0), { withinMs: limits.patienceMs });
      await passed(50);
      const staying = await Inbox.open(broker, 'user.created', limits, options);
      const [handled] = leaving.ids;
      await staying.has(...idsFrom('m', 5).filter((id) => id !== handled));
    },
  },
  {
    name: 'at least once: what publishing resolved for is not lost with the back end for a while',
    async run(fixture, limits) {
      if (await refusesLevel(fixture)) return;
      const { broker, another, faults: given } = fixture;
      const faults = needed(given, 'faults');
      // What was on its way to the member when the back end ended comes again once its time is over.
      const terms = { ...brisk, queue: 'mailer', ackWaitMs: 2_000 };
      const inbox = await Inbox.open(await another(), 'user.created', limits, terms);
      const kept: string[] = [];
      const publish = async (id: string): Promise<void> => {
        await broker.publish('user.created', messageOf(id), atLeastOnce).then(
          () => kept.push(id),
          () => {},
        );
      };
      await Promise.all(idsFrom('before-', 20).map(publish));
      await faults.cut();
      const during = Promise.all(idsFrom('during-', 20).map(publish));
      await faults.heal();
      await within(during, limits.patienceMs * 2, 'publishing');
      await eventually(() => broker.publish('user.created', messageOf('after'), atLeastOnce), {
        withinMs: limits.patienceMs,
      });
      await inbox.has('after', ...kept);
      assert.ok(kept.length >= 20, `${kept.length} were kept`);
    },
  },
  {
    name: 'at least once: options out of range are InvalidArgument, and those that need acknowledgement are refused at most once',
    async run(fixture) {
      if (await refusesLevel(fixture)) return;
      const { broker } = fixture;
      const wrong: readonly SubscribeOptions[] = [
        { ackWaitMs: 99 },
        { maxAttempts: 0 },
        { maxAttempts: 1.5 },
        { backoff: { factor: 0 } },
        { deadLetter: 'a b' },
        { deadLetter: 'a.*' },
        { queue: '' },
        { queue: 'a b' },
        { startFrom: { sequence: -1 } },
        { startFrom: 'last' as never },
      ];
      for (const options of wrong) {
        const refused = () => broker.subscribe('user.created', async () => {}, { delivery: 'atLeastOnce', ...options });
        await rejectsWith(refused, 'InvalidArgument');
      }
      if (broker.capabilities.levels.atMostOnce === undefined) return;
      for (const options of [{ ackWaitMs: 1_000 }, { ordered: true }, { deadLetter: 'graveyard' }]) {
        const refused = () => broker.subscribe('user.created', async () => {}, { delivery: 'atMostOnce', ...options });
        await rejectsWith(refused, 'FailedPrecondition');
      }
    },
  },
];

/** At which level, and with waits that a suite can afford. */
const brisk = { delivery: 'atLeastOnce', backoff: { baseMs: 20, maxMs: 50, jitter: 0 } } as const;
const atLeastOnce = { delivery: 'atLeastOnce' } as const;

/** Never weaker silently: a broker without the level must refuse it, which is checked then. Resolves with whether it has none. */
async function refusesLevel({ broker }: BrokerFixture): Promise<boolean> {
  if (broker.capabilities.levels.atLeastOnce !== undefined) return false;
  await rejectsWith(() => broker.subscribe('user.created', async () => {}, brisk), 'FailedPrecondition');
  await rejectsWith(() => broker.publish('user.created', messageOf('m1'), atLeastOnce), 'FailedPrecondition');
  return true;
}

async function letters(
  broker: Broker,
  count: number,
  { patienceMs }: CaseLimits,
  topic?: string,
): Promise<readonly DeadLetter[]> {
  const deadLetters = needed(broker.deadLetters, 'deadLetters');
  let found: readonly DeadLetter[] = [];
  await eventually(
    async () => {
      found = await deadLetters.list({ topic });
      assert.equal(found.length, count, `${found.length} of ${count} dead letters are there`);
    },
    { withinMs: patienceMs },
  );
  return found;
}

function factsOf(letter: DeadLetter | undefined): readonly unknown[] {
  return [letter?.topic, letter?.queue, letter?.attempts, letter?.code, letter?.message.id];
}

/** Resolves after a time: only to show that nothing happens meanwhile, or to be slow. */
function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
