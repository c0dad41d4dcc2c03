import type { Registry } from '@tenon/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from './eventually.js';
import { Fleet } from './fleet.js';
import { idsOf, recordOf } from './sample-record.js';

let fleet: Fleet;

beforeEach(() => {
  fleet = new Fleet({ times: { rejoinIntervalMs: 1_000 } });
});

afterEach(() => fleet.close());

test('is eventual and available: both sides of a partition take writes and answer, and agree after it', {
  timeout: 120_000,
}, async () => {
  const left = [await fleet.add(), await fleet.add()] as const;
  const right = [await fleet.add(), await fleet.add()] as const;
  const lease = await left[0].register(recordOf('greeter', 'left-1'), { ttlMs: 15_000 });
  await right[0].register(recordOf('greeter', 'right-1'), { ttlMs: 15_000 });
  await allFind([...left, ...right], ['left-1', 'right-1'], 3_000);

  fleet.split(left, right);
  // A stale read is served, a write is taken, on either side, at once.
  expect(idsOf(await left[1].lookup('greeter'))).toEqual(['left-1', 'right-1']);
  await left[1].register(recordOf('greeter', 'left-2'), { ttlMs: 15_000 });
  await right[1].register(recordOf('greeter', 'right-2'), { ttlMs: 15_000 });
  expect(lease.state).toBe('held');
  // The other side is held for dead, late, because who hears nobody doubts itself first; its entries go with it.
  await allFind(left, ['left-1', 'left-2'], 45_000);
  await allFind(right, ['right-1', 'right-2'], 45_000);

  fleet.heal();
  const healedAt = performance.now();
  await allFind([...left, ...right], ['left-1', 'left-2', 'right-1', 'right-2'], 20_000);
  process.stdout.write(
    `registry-gossip: all agree ${Math.round(performance.now() - healedAt)} ms after a partition healed\n`,
  );

  expect(left[0].capabilities.consistency).toEqual({
    register: { level: 'eventual', whenCutOff: 'answers' },
    lookup: { level: 'eventual', whenCutOff: 'answers' },
    cachedCall: { level: 'eventual', whenCutOff: 'answers' },
  });
});

test('a watch is told of what a partition took and brought back', { timeout: 60_000 }, async () => {
  const [one, other] = [await fleet.add(), await fleet.add()];
  await other.register(recordOf('greeter', 'n1'), { ttlMs: 15_000 });
  const seen: string[] = [];
  const following = (async () => {
    for await (const event of one.watch('greeter')) {
      if (event.kind === 'set') seen.push(idsOf(event.records).join());
      if (seen.at(-1) === 'n1' && seen.includes('', 1)) break;
    }
  })();
  await allFind([one], ['n1'], 3_000);
  await eventually(() => expect(seen.at(-1)).toBe('n1'), { withinMs: 3_000 });
  fleet.split([one], [other]);
  await allFind([one], [], 20_000);
  fleet.heal();
  await following;
  expect(seen.slice(-3)).toEqual(['n1', '', 'n1']);
});

test('a member alone is a registry too, and its first peers find what it has', async () => {
  const alone = await fleet.add({
    seeds: ['127.0.0.1:1', 'nowhere.invalid:7946'],
    resolve: () => Promise.reject(new Error('no DNS')),
  });
  await alone.register(recordOf('greeter', 'n1'), { ttlMs: 15_000 });
  expect(await alone.list()).toEqual(['greeter']);
  const peer = await fleet.add({ seeds: [fleet.addressOf(alone)] });
  await allFind([peer], ['n1'], 2_000);
});

async function allFind(registries: readonly Registry[], ids: readonly string[], withinMs: number): Promise<void> {
  await eventually(
    async () => {
      for (const registry of registries) expect(idsOf(await registry.lookup('greeter'))).toEqual(ids);
    },
    { withinMs },
  );
}
