import assert from 'node:assert/strict';
import type { InboxStore } from '@tenon/contract';
import { eventually, within } from '../eventually.js';
import { needed } from '../needed.js';
import { rejectsWith } from '../rejects-with.js';
import type { ConformanceCase } from '../suite.js';
import type { InboxFixture } from './fixture.js';
import { handled, held, written } from './mark-cases.js';

/** Losing the back end, finding it again, and the end. */
export const reachCases: readonly ConformanceCase<InboxFixture>[] = [
  {
    name: 'while the back end is lost every method rejects with Unavailable',
    async run({ store, faults }, { patienceMs }) {
      const { cut, heal } = needed(faults, 'faults');
      const revision = written(await store.write('key', held('a'), undefined));
      await cut();
      for (const [name, ask] of methods(store, revision))
        await within(rejectsWith(ask, 'Unavailable'), patienceMs, `${name} while the back end is lost`);
      await heal();
    },
  },
  {
    name: 'a store works again by itself when the back end is back, and knows what it knew',
    async run({ store, another, faults }, { patienceMs }) {
      const { cut, heal } = needed(faults, 'faults');
      const other = await another();
      const revision = written(await store.write('key', handled('a'), undefined));
      for (let round = 1; round <= 2; round += 1) {
        await cut();
        for (const client of [store, other]) await rejectsWith(() => client.read('key'), 'Unavailable');
        await heal();
        for (const client of [store, other]) {
          const entry = await eventually(() => client.read('key'), { withinMs: patienceMs, everyMs: 50 });
          assert.deepEqual(entry, { ...handled('a'), revision });
        }
        assert.equal(await other.write('key', held('b'), undefined), undefined, 'what was handled was forgotten');
        written(await store.write(`round ${round}`, held('a'), undefined));
      }
    },
  },
  {
    name: 'closing while the back end is lost resolves',
    async run({ store, faults }, { patienceMs }) {
      const { cut, heal } = needed(faults, 'faults');
      await cut();
      await within(store.close(), patienceMs, 'closing while the back end is lost');
      await heal();
    },
  },
  {
    name: 'after close every method rejects with FailedPrecondition, closing again is fine, and others work on',
    async run({ store, another }, { patienceMs }) {
      const other = await another();
      const revision = written(await store.write('key', held('a'), undefined));
      await within(store.close(), patienceMs, 'closing');
      await within(store.close(), patienceMs, 'closing again');
      for (const [, ask] of methods(store, revision)) await rejectsWith(ask, 'FailedPrecondition');
      assert.deepEqual(await other.read('key'), { ...held('a'), revision });
      written(await other.write('key', handled('a'), revision));
    },
  },
];

function methods(store: InboxStore, revision: number): readonly (readonly [string, () => Promise<unknown>])[] {
  return [
    ['reading', () => store.read('key')],
    ['writing a new key', () => store.write('another key', held('a'), undefined)],
    ['writing', () => store.write('key', handled('a'), revision)],
    ['removing', () => store.remove('key', revision)],
  ];
}
