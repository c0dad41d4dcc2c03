import { describe, expect, test } from 'vitest';
import { InboxUnderTest } from '../../test/inbox-under-test.js';
import { callContext } from '../context/index.js';
import { inbox } from './index.js';

function setUp() {
  const under = new InboxUnderTest();
  const effects: string[] = [];
  const count = (): void => {
    const { node, delivery, subscription } = callContext();
    effects.push(`${node} ${subscription?.topic} ${delivery?.message.id}`);
  };
  return { under, effects, count };
}

describe('an event', () => {
  test('that was handled and comes again is acknowledged, and not handled again', async () => {
    const { under, effects, count } = setUp();
    const [first, second] = [under.member(count), under.member(count, { node: 'n2' })];
    await first.gets('1');
    await first.gets('1', { attempt: 2 });
    await second.gets('1', { attempt: 3 });
    await second.gets('2');
    expect(effects).toEqual(['n1 user.created 1', 'n2 user.created 2']);
    expect(under.meter.values('tenon.inbox.repeats', { subscription: 'Greeter.onUserCreated' })).toEqual([1, 1]);
    expect([under.logger.lines, under.clock.pending]).toEqual([[], 0]);
  });

  test('whose handler failed is handled when it comes again, by anybody', async () => {
    const { under, effects, count } = setUp();
    const failing = under.member(() => Promise.reject(new Error('the mail server is away')));
    await expect(failing.gets('1')).rejects.toThrow('the mail server is away');
    await under.member(count, { node: 'n2' }).gets('1', { attempt: 2 });
    expect(effects).toEqual(['n2 user.created 1']);
    expect([under.meter.total('tenon.inbox.repeats'), under.clock.pending]).toEqual([0, 0]);
  });

  test('is handled once for each queue', async () => {
    const { under, effects, count } = setUp();
    for (const queue of ['mails', 'bills']) {
      const member = under.member(count, { node: queue, queue });
      await member.gets('1');
      await member.gets('1');
    }
    expect(effects).toEqual(['mails user.created 1', 'bills user.created 1']);
  });

  test('is handled once for each subscription of a queue, told apart by what they subscribed to', async () => {
    const { under, effects, count } = setUp();
    for (const topic of ['user.created', 'user.*']) await under.member(count, { topic }).gets('1');
    expect(effects).toEqual(['n1 user.created 1', 'n1 user.* 1']);
  });

  test('without a queue is handled once by each instance', async () => {
    const { under, effects, count } = setUp();
    for (const node of ['n1', 'n2']) {
      const member = under.member(count, { node, queue: undefined });
      await member.gets('1');
      await member.gets('1');
    }
    expect(effects).toEqual(['n1 user.created 1', 'n2 user.created 1']);
  });

  test('of another topic than those of the options is left alone', async () => {
    const { under, effects, count } = setUp();
    const member = under.member(count, { inbox: { topics: ['order.>', 'user.deleted'] } });
    await member.gets('1');
    await member.gets('1');
    await member.gets('2', { topic: 'order.placed' });
    await member.gets('2', { topic: 'order.placed' });
    expect(effects).toHaveLength(3);
    expect(under.table.size).toBe(1);
  });
});

test.each([
  [{ holdMs: 999 }, '[InvalidArgument] inbox.holdMs is 999; it must be a whole number from 1000 to 3600000'],
  [{ holdMs: Number.NaN }, '[InvalidArgument] inbox.holdMs is NaN; it must be a whole number from 1000 to 3600000'],
  [{ topics: [] }, '[InvalidArgument] inbox.topics is []; it must be a list of topics'],
  [{ topics: ['a b'] }, '[InvalidArgument] topic pattern "a b"'],
])('the options %j are refused by name', (options, message) => {
  expect(() => inbox(options)).toThrow(message);
});
