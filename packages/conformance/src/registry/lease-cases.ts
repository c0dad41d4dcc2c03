import assert from 'node:assert/strict';
import { type LeaseState, type Registry, ServiceError } from '@tenon/contract';
import { eventually } from '../eventually.js';
import { needed } from '../needed.js';
import type { CaseLimits, ConformanceCase } from '../suite.js';
import type { RegistryFixture } from './fixture.js';
import { lookupIds, nodesOf, recordOf } from './sample-record.js';
import { settled } from './settled.js';
import { WatchReader } from './watch-reader.js';

/** Time to live: expiry, renewal, loss and return. */
export const leaseCases: readonly ConformanceCase<RegistryFixture>[] = [
  {
    name: 'the node of a vanished process disappears after its time to live, where entries expire',
    async run(fixture, limits) {
      const { registry } = fixture;
      const doomed = await fixture.another();
      await registry.register(recordOf('greeter', 'stays'), unhurried);
      await doomed.register(recordOf('greeter', 'vanishes'), { ttlMs: fixture.minTtlMs });
      const watch = new WatchReader(registry, 'greeter', { patienceMs: patienceOver(fixture, limits) });
      await watch.until(['stays', 'vanishes'], 'the set of both nodes');
      await fixture.crash(doomed);
      if (!registry.capabilities.expires) return cleanedByHand(registry, limits);
      await watch.until(['stays'], 'the set without the vanished node');
      await settled(registry, async () => assert.deepEqual(await lookupIds(registry, 'greeter'), ['stays']), limits);
      await watch.leave();
    },
  },
  {
    name: 'a held lease keeps its node beyond its time to live',
    async run(fixture, limits) {
      const { registry, minTtlMs: ttlMs } = fixture;
      const lease = await registry.register(recordOf('greeter', 'stays'), { ttlMs });
      // No clock is compared: entries of the same time to live, made later and not renewed, must go first. Twice, because
      // a single renewal would outlast one of them.
      for (const id of ['hourglass-1', 'hourglass-2']) {
        await runsOut(fixture, id, limits);
        assert.deepEqual(await lookupIds(registry, 'greeter'), ['stays']);
        assert.equal(lease.state, 'held');
      }
    },
  },
  {
    name: 'a released lease is not renewed into existence again',
    async run(fixture, limits) {
      const { registry, minTtlMs: ttlMs } = fixture;
      const lease = await registry.register(recordOf('greeter', 'n1'), { ttlMs });
      const states: LeaseState[] = [];
      const stop = lease.onChange((state) => states.push(state));
      await lease.release();
      await lease.release();
      assert.deepEqual(states, ['released']);
      await runsOut(fixture, 'hourglass', limits);
      assert.deepEqual(await registry.lookup('greeter'), []);
      assert.deepEqual([lease.state, states], ['released', ['released']]);
      stop();
    },
  },
  {
    name: 'a lost lease is announced with its reason, registered again and renewed',
    async run(fixture, limits) {
      const { registry, minTtlMs: ttlMs } = fixture;
      const faults = needed(fixture.faults, 'faults');
      const observer = await fixture.another();
      const lease = await registry.register(recordOf('greeter', 'n1', { address: '10.1.2.3:4567' }), { ttlMs });
      const changes: (readonly [LeaseState, ServiceError | undefined])[] = [];
      lease.onChange((state, reason) => changes.push([state, reason]));
      const ignored: LeaseState[] = [];
      lease.onChange((state) => ignored.push(state))();

      await faults.cut();
      const withinMs = patienceOver(fixture, limits);
      await eventually(() => assert.equal(lease.state, 'lost'), { withinMs });
      await faults.heal();
      await eventually(() => assert.equal(lease.state, 'held'), { withinMs });
      const isBack = async (): Promise<void> => {
        const nodes = nodesOf(await observer.lookup('greeter'));
        assert.deepEqual(
          nodes.map(({ id, address }) => [id, address]),
          [['n1', '10.1.2.3:4567']],
        );
      };
      await eventually(isBack, { withinMs });
      assert.deepEqual(
        changes.map(([state]) => state),
        ['lost', 'held'],
      );
      assert.ok(changes[0]?.[1] instanceof ServiceError, 'a loss is announced with its reason');
      assert.deepEqual(ignored, [], 'a listener that was stopped is not called');

      await runsOut(fixture, 'hourglass', limits);
      await isBack();
      await lease.release();
      await settled(observer, async () => assert.deepEqual(await observer.lookup('greeter'), []), limits);
    },
  },
];

const unhurried = Object.freeze({ ttlMs: 60_000 });

/** Registers an entry of the smallest time to live, lets its process vanish, and waits until the entry is gone. */
async function runsOut(fixture: RegistryFixture, id: string, limits: CaseLimits): Promise<void> {
  const { registry } = fixture;
  const doomed = await fixture.another();
  await doomed.register(recordOf('hourglass', id), { ttlMs: fixture.minTtlMs });
  await settled(registry, async () => assert.deepEqual(await lookupIds(registry, 'hourglass'), [id]), limits);
  await fixture.crash(doomed);
  if (!registry.capabilities.expires) return;
  const isGone = async (): Promise<void> => assert.deepEqual(await registry.lookup('hourglass'), []);
  await eventually(isGone, { withinMs: patienceOver(fixture, limits), everyMs: 50 });
}

/** Where entries do not expire, the node of a vanished process stands until another process takes it over and out. */
async function cleanedByHand(registry: Registry, limits: CaseLimits): Promise<void> {
  const check = (ids: readonly string[]) => async (): Promise<void> => {
    assert.deepEqual(await lookupIds(registry, 'greeter'), ids);
  };
  await settled(registry, check(['stays', 'vanishes']), limits);
  const lease = await registry.register(recordOf('greeter', 'vanishes'), unhurried);
  await lease.release();
  await settled(registry, check(['stays']), limits);
}

/** Back ends sweep their leases in steps: three times to live are as late as an entry may end. */
function patienceOver(fixture: RegistryFixture, limits: CaseLimits): number {
  return fixture.minTtlMs * 3 + limits.patienceMs;
}
