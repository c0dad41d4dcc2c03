import assert from 'node:assert/strict';
import { ServiceError } from '@tenon/contract';
import { eventually, within } from '../eventually.js';
import { needed } from '../needed.js';
import { rejectsWith } from '../rejects-with.js';
import type { ConformanceCase } from '../suite.js';
import type { RegistryFixture } from './fixture.js';
import { idsOf, lookupIds, recordOf } from './sample-record.js';
import { settled } from './settled.js';
import { WatchReader } from './watch-reader.js';

/** Losing the back end, and finding it again. */
export const faultCases: readonly ConformanceCase<RegistryFixture>[] = [
  {
    name: 'a lost back end is an error event and never an empty set, and a whole set heals it',
    async run(fixture, limits) {
      const { registry, another } = fixture;
      const faults = needed(fixture.faults, 'faults');
      const other = await another();
      await registry.register(recordOf('greeter', 'n1'), unhurried);
      await other.register(recordOf('greeter', 'n2'), unhurried);
      const watch = new WatchReader(registry, 'greeter', limits);
      await watch.until(['n1', 'n2'], 'the first set');
      const before = watch.seen.length;
      await faults.cut();
      const error = await watch.untilError('the error event');
      assert.ok(error instanceof ServiceError);
      await faults.heal();
      await watch.until(['n1', 'n2'], 'the healed set');
      assert.deepEqual(
        watch.seen.slice(before).filter((ids) => ids.length < 2),
        [],
        'the node set shrank by an outage',
      );
      // The watch is whole again, not only the picture of it.
      await other.register(recordOf('greeter', 'n3'), unhurried);
      await watch.until(['n1', 'n2', 'n3'], 'a set after the outage');
      await watch.leave();
    },
  },
  {
    name: 'while the back end is lost, calls reject with Unavailable or answer, as declared, and work again after it',
    async run(fixture, limits) {
      const { registry, minTtlMs } = fixture;
      const { register, lookup } = registry.capabilities.consistency;
      const { patienceMs } = limits;
      const faults = needed(fixture.faults, 'faults');
      await registry.register(recordOf('greeter', 'n1'), unhurried);
      await settled(registry, async () => assert.deepEqual(await lookupIds(registry, 'greeter'), ['n1']), limits);
      await faults.cut();
      const reads = [() => lookupIds(registry, 'greeter'), () => registry.list()];
      const answers = [['n1'], ['greeter']];
      for (const [index, read] of reads.entries()) {
        if (lookup.whenCutOff === 'refuses') await within(rejectsWith(read, 'Unavailable'), patienceMs, cutOffCall);
        else await within(answersOr(read, answers[index]), patienceMs, cutOffCall);
      }
      const write = () => registry.register(recordOf('greeter', 'n2'), { ttlMs: minTtlMs });
      let isTaken = false;
      if (register.whenCutOff === 'refuses') await within(rejectsWith(write, 'Unavailable'), patienceMs, cutOffCall);
      else isTaken = await within(isAnswered(write), patienceMs, cutOffCall);
      await faults.heal();
      await eventually(async () => assert.deepEqual(await registry.list(), ['greeter']), { withinMs: patienceMs });
      await eventually(() => registry.register(recordOf('greeter', 'n3'), unhurried), { withinMs: patienceMs });
      // The back end may have heard the one that was refused; nobody renews it. One that was answered is spread by now.
      const left = isTaken ? ['n1', 'n2', 'n3'] : ['n1', 'n3'];
      const observer = await fixture.another();
      for (const reader of [registry, observer]) {
        await eventually(async () => assert.deepEqual(await lookupIds(reader, 'greeter'), left), {
          withinMs: minTtlMs * 3 + patienceMs,
        });
      }
    },
  },
  {
    name: 'a watch that begins while the back end is lost yields an error, then the whole set',
    async run(fixture, limits) {
      const { registry } = fixture;
      const faults = needed(fixture.faults, 'faults');
      await registry.register(recordOf('greeter', 'n1'), unhurried);
      await faults.cut();
      const watch = new WatchReader(registry, 'greeter', limits);
      await watch.untilError('the error event');
      await faults.heal();
      assert.deepEqual(idsOf(await watch.until(['n1'], 'the healed set')), ['n1']);
      assert.deepEqual(watch.seen, [['n1']], 'no set was made up while nothing was known');
      await watch.leave();
    },
  },
  {
    name: 'releasing and closing while the back end is lost resolve, and renew no more',
    async run(fixture, limits) {
      const { registry, minTtlMs: ttlMs } = fixture;
      const withinMs = ttlMs * 3 + limits.patienceMs;
      const faults = needed(fixture.faults, 'faults');
      const observer = await fixture.another();
      const first = await registry.register(recordOf('greeter', 'n1'), { ttlMs });
      const second = await registry.register(recordOf('greeter', 'n2'), { ttlMs });
      await faults.cut();
      await within(first.release(), limits.patienceMs, 'releasing while the back end is lost');
      assert.equal(first.state, 'released');
      await within(registry.close(), limits.patienceMs, 'closing while the back end is lost');
      assert.equal(second.state, 'released');
      await faults.heal();
      await eventually(async () => assert.deepEqual(await observer.lookup('greeter'), []), { withinMs, everyMs: 50 });
    },
  },
];

const unhurried = Object.freeze({ ttlMs: 60_000 });
const cutOffCall = 'a call to a lost back end';

/** Whether a call is answered by a side that goes on alone; where there is no side left at all, it rejects with `Unavailable`. */
async function isAnswered(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (thrown) {
    assert.equal(ServiceError.from(thrown).code, 'Unavailable');
    return false;
  }
}

async function answersOr(call: () => Promise<unknown>, expected: unknown): Promise<void> {
  let answer: unknown;
  if (await isAnswered(async () => (answer = await call()))) assert.deepEqual(answer, expected);
}
