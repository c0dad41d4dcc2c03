import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import type { Registry } from '@tenon/contract';
import { eventually, within } from '../eventually.js';
import type { ConformanceCase } from '../suite.js';
import type { RegistryFixture } from './fixture.js';
import { idsOf, lookupIds, recordOf } from './sample-record.js';
import { settled } from './settled.js';
import { WatchReader } from './watch-reader.js';

/** Watching a service, while all is well. */
export const watchCases: readonly ConformanceCase<RegistryFixture>[] = [
  {
    name: 'the first event of a watch is the whole set, at once',
    async run({ registry, another }, limits) {
      const other = await another();
      await registry.register(recordOf('greeter', 'n1'), unhurried);
      await other.register(recordOf('greeter', 'n2', { version: '2.0.0' }), unhurried);
      await registry.register(recordOf('mailer', 'n3'), unhurried);
      await settled(other, async () => assert.deepEqual(await lookupIds(other, 'greeter'), ['n1', 'n2']), limits);
      const watch = new WatchReader(other, 'greeter', limits);
      assert.deepEqual(idsOf(await watch.set('the first set')), ['n1', 'n2']);
      await watch.leave();
    },
  },
  {
    name: 'the first event of a watch on an unknown service is the empty set, at once',
    async run({ registry }, limits) {
      const watch = new WatchReader(registry, 'nobody', limits);
      assert.deepEqual(await watch.set('the first set'), []);
      await watch.leave();
    },
  },
  {
    name: 'each later event is the whole newest set',
    async run({ registry, another }, limits) {
      const other = await another();
      await registry.register(recordOf('greeter', 'n1'), unhurried);
      await other.register(recordOf('greeter', 'n2'), unhurried);
      const watch = new WatchReader(registry, 'greeter', limits);
      await watch.until(['n1', 'n2'], 'the first set');
      await other.register(recordOf('greeter', 'n3', { version: '2.0.0' }), unhurried);
      const records = await watch.until(['n1', 'n2', 'n3'], 'the set with the new node');
      assert.deepEqual(records.map(({ version }) => version).sort(), ['1.0.0', '2.0.0']);
      await other.register(recordOf('greeter', 'n2', { address: '10.9.9.9:9999' }), unhurried);
      await eventually(
        async () => {
          const nodes = (await watch.set('the set with the changed node')).flatMap((record) => record.nodes);
          assert.equal(nodes.find(({ id }) => id === 'n2')?.address, '10.9.9.9:9999');
          assert.equal(nodes.length, 3);
        },
        { withinMs: limits.patienceMs },
      );
      await watch.leave();
    },
  },
  {
    name: 'changes are seen in the order in which they were made',
    async run({ registry, another }, limits) {
      const other = await another();
      const watch = new WatchReader(other, 'greeter', limits);
      await watch.set('the first set');
      const first = await registry.register(recordOf('greeter', 'n1'), unhurried);
      await registry.register(recordOf('greeter', 'n2'), unhurried);
      await first.release();
      await watch.until(['n2'], 'the last set');
      // What lies between may be skipped, never turned round: each set that was seen is later in this list.
      const made = [[], ['n1'], ['n1', 'n2'], ['n2']].map((ids) => JSON.stringify(ids));
      const positions = watch.seen.map((ids) => made.indexOf(JSON.stringify(ids)));
      assert.deepEqual(positions, [...positions].sort(), `saw ${JSON.stringify(watch.seen)}`);
      assert.ok(!positions.includes(-1), `saw ${JSON.stringify(watch.seen)}`);
      await watch.leave();
    },
  },
  {
    name: 'a change of another service is no event',
    async run({ registry, another }, limits) {
      const other = await another();
      const watch = new WatchReader(registry, 'greeter', limits);
      await watch.set('the first set');
      for (const name of ['greeter2', 'greeter/v2', 'mailer']) await other.register(recordOf(name, 'n1'), unhurried);
      await other.register(recordOf('greeter', 'n2'), unhurried);
      await watch.until(['n2'], 'the set with the new node');
      await other.register(recordOf('greeter', 'n3'), unhurried);
      await watch.until(['n2', 'n3'], 'the set with both nodes');
      assert.deepEqual(watch.seen, [[], ['n2'], ['n2', 'n3']]);
      await watch.leave();
    },
  },
  {
    name: 'a slow reader gets the newest set, not each between',
    async run({ registry, another }, limits) {
      const other = await another();
      const slow = new WatchReader(registry, 'greeter', limits);
      await slow.set('the first set');
      const brisk = new WatchReader(registry, 'greeter', limits);
      await brisk.set('the first set');
      const changes = 30;
      for (let change = 1; change <= changes; change++)
        await other.register(recordOf('greeter', `n${change}`), unhurried);
      const all = Array.from({ length: changes }, (_, index) => `n${index + 1}`);
      await brisk.until(all, 'the last set');
      await slow.until(all, 'the last set');
      // One set may have been on its way already when the reader stopped reading, and one more before the last came.
      assert.ok(slow.seen.length <= 4, `the slow reader had to read ${slow.seen.length} sets`);
      await Promise.all([slow.leave(), brisk.leave()]);
    },
  },
  {
    name: 'two watches of one service are independent',
    async run({ registry, another }, limits) {
      const other = await another();
      const one = new WatchReader(registry, 'greeter', limits);
      const two = new WatchReader(registry, 'greeter', limits);
      await Promise.all([one.set('the first set'), two.set('the first set')]);
      await other.register(recordOf('greeter', 'n1'), unhurried);
      await Promise.all([one.until(['n1'], 'the new set'), two.until(['n1'], 'the new set')]);
      await one.leave();
      await other.register(recordOf('greeter', 'n2'), unhurried);
      await two.until(['n1', 'n2'], 'the set after the other watch was left');
      await two.leave();
    },
  },
  {
    name: 'aborting ends a watch without an error and frees its signal',
    async run({ registry }, limits) {
      const abort = new AbortController();
      const watch = new WatchReader(registry, 'greeter', limits, abort.signal);
      await watch.set('the first set');
      const pending = watch.next('the end of an aborted watch');
      abort.abort();
      assert.equal((await pending).done, true);
      assert.equal((await watch.next('the end of an aborted watch')).done, true);
      assertFreed(abort.signal);
    },
  },
  {
    name: 'a watch whose signal is aborted already ends without an event',
    async run({ registry }, limits) {
      await registry.register(recordOf('greeter', 'n1'), unhurried);
      const signal = AbortSignal.abort();
      const watch = new WatchReader(registry, 'greeter', limits, signal);
      assert.equal((await watch.next('the end of an aborted watch')).done, true);
      assertFreed(signal);
    },
  },
  {
    name: 'leaving the loop ends a watch and frees its signal',
    async run({ registry, another }, limits) {
      const other = await another();
      const { signal } = new AbortController();
      await within(readOne(registry, 'greeter', signal), limits.patienceMs, 'leaving the loop');
      assertFreed(signal);
      const watch = new WatchReader(registry, 'greeter', limits, signal);
      await watch.set('the first set');
      await watch.leave();
      await other.register(recordOf('greeter', 'n1'), unhurried);
      assert.equal((await watch.next('the end of a watch that was left')).done, true);
      assertFreed(signal);
    },
  },
  {
    name: 'closing the registry ends its watches without an error, and no other client’s',
    async run({ registry, another }, limits) {
      const other = await another();
      const { signal } = new AbortController();
      const idle = new WatchReader(registry, 'greeter', limits, signal);
      const waiting = new WatchReader(registry, 'mailer', limits);
      const foreign = new WatchReader(other, 'greeter', limits);
      for (const watch of [idle, waiting, foreign]) await watch.set('the first set');
      const pending = waiting.next('the end of a closed registry’s watch');
      await registry.close();
      assert.equal((await pending).done, true);
      assert.equal((await idle.next('the end of a closed registry’s watch')).done, true);
      assertFreed(signal);
      await other.register(recordOf('greeter', 'n1'), unhurried);
      await foreign.until(['n1'], 'a set of the other client');
      await foreign.leave();
    },
  },
];

const unhurried = Object.freeze({ ttlMs: 60_000 });

async function readOne(registry: Registry, name: string, signal: AbortSignal): Promise<void> {
  for await (const event of registry.watch(name, { signal })) {
    assert.equal(event.kind, 'set');
    break;
  }
}

/** A signal outlives its watches: one that keeps their listeners leaks one for each. */
function assertFreed(signal: AbortSignal): void {
  assert.equal(getEventListeners(signal, 'abort').length, 0, 'the ended watch left a listener on its signal');
}
