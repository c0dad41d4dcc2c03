import assert from 'node:assert/strict';
import type { Broker, DeliveryLevel } from '@tenon/contract';
import { rejectsWith } from '../rejects-with.js';
import type { CaseLimits, ConformanceCase } from '../suite.js';
import { Fence } from './fence.js';
import type { BrokerFixture } from './fixture.js';
import { Inbox, messageOf } from './inbox.js';

/** Subscribing to more topics than one, at each level that the broker has. */
export const patternCases: readonly ConformanceCase<BrokerFixture>[] = [
  {
    name: 'a pattern stands for its topics and for no other, or is refused where the broker has none',
    async run({ broker, another }, limits) {
      const other = await another();
      for (const delivery of levelsOf(broker)) {
        if (broker.capabilities.levels[delivery]?.patterns === true) await matches(broker, other, delivery, limits);
        else await refuses(broker, delivery);
      }
    },
  },
  {
    name: 'what is no pattern is InvalidArgument',
    async run({ broker }) {
      for (const pattern of ['', 'a b', 'a.', '.a', 'a..b', 'a*', 'a.*b', 'a.>.b', '>a', 'a.b>', 'a\n', 'ä'])
        await rejectsWith(() => broker.subscribe(pattern, async () => {}), 'InvalidArgument');
    },
  },
];

async function matches(broker: Broker, other: Broker, delivery: DeliveryLevel, limits: CaseLimits): Promise<void> {
  // Topics of their own: what one level's queues keep is not the other's.
  const root = `order-${delivery}`;
  const one = await Inbox.open(broker, `${root}.*.created`, limits, { delivery });
  const rest = await Inbox.open(broker, `${root}.>`, limits, { delivery });
  const fence = await Fence.build([broker, other], limits);
  const topics = [`${root}.eu.created`, `${root}.us.created`, `${root}.eu.removed`, `${root}.eu.de.created`];
  for (const topic of [...topics, root, `${root}s.eu.created`])
    await other.publish(topic, messageOf(topic), { delivery });
  await one.has(...topics.slice(0, 2));
  await rest.has(...topics);
  await fence.pass();
  assert.deepEqual(topicsOf(one), topics.slice(0, 2).sort());
  assert.deepEqual(topicsOf(rest), [...topics].sort());
  await one.subscription.close();
  await rest.subscription.close();
}

async function refuses(broker: Broker, delivery: DeliveryLevel): Promise<void> {
  for (const pattern of ['order.*', 'order.>'])
    await rejectsWith(() => broker.subscribe(pattern, async () => {}, { delivery }), 'Unimplemented');
}

function topicsOf({ deliveries }: Inbox): readonly string[] {
  return [
    ...new Set(deliveries.map(({ topic, message }) => `${topic}${topic === message.id ? '' : ` as ${message.id}`}`)),
  ].sort();
}

function levelsOf({ capabilities: { levels } }: Broker): readonly DeliveryLevel[] {
  return (['atMostOnce', 'atLeastOnce'] as const).filter((level) => levels[level] !== undefined);
}
