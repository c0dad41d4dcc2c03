import assert from 'node:assert/strict';
import type { InboxMark, InboxStore } from '@tenon/contract';
import { frozen } from '../frozen.js';
import type { ConformanceCase } from '../suite.js';
import type { InboxFixture } from './fixture.js';

/** What is written, read and taken out, by one client and by several. */
export const markCases: readonly ConformanceCase<InboxFixture>[] = [
  {
    name: 'a key that nobody wrote has no entry',
    async run({ store }) {
      await store.write('other', held('a'), undefined);
      assert.equal(await store.read('key'), undefined);
    },
  },
  {
    name: 'a mark is read as it was written, by every client at once',
    async run({ store, another }) {
      const other = await another();
      for (const mark of [held('a'), handled('5f6c3f0e-6a5e-4ac2-9d0a-3f3d8d1f1b11'), held('b'.repeat(64))]) {
        const revision = await store.write(`key ${mark.holder}`, mark, undefined);
        for (const client of [store, other])
          assert.deepEqual(await client.read(`key ${mark.holder}`), { ...mark, revision });
      }
    },
  },
  {
    name: 'a key that has an entry cannot be written as a new one',
    async run({ store, another }) {
      const other = await another();
      const revision = await store.write('key', held('a'), undefined);
      for (const client of [store, other])
        assert.equal(await client.write('key', held('b'), undefined), undefined, 'a second writer was let in');
      assert.deepEqual(await store.read('key'), { ...held('a'), revision });
      await store.write('key', handled('a'), revision);
      assert.equal(await store.write('key', held('b'), undefined), undefined, 'what was handled was held again');
    },
  },
  {
    name: 'a write at the newest revision replaces the mark, and has a revision of its own',
    async run({ store, another }) {
      const other = await another();
      const first = written(await store.write('key', held('a'), undefined));
      const second = written(await other.write('key', held('a'), first));
      assert.notEqual(second, first, 'the same mark again kept its revision: no sign of life can be seen');
      const third = written(await store.write('key', handled('a'), second));
      assert.deepEqual(await other.read('key'), { ...handled('a'), revision: third });
      assert.equal(new Set([first, second, third]).size, 3);
    },
  },
  {
    name: 'a write at any other revision changes nothing',
    async run({ store }) {
      const first = written(await store.write('key', held('a'), undefined));
      const second = written(await store.write('key', held('b'), first));
      const elsewhere = written(await store.write('other', held('c'), undefined));
      for (const stale of [first, elsewhere, second + 1_000])
        assert.equal(
          await store.write('key', handled('a'), stale),
          undefined,
          `revision ${stale} passed for ${second}`,
        );
      assert.equal(await store.write('absent', held('a'), first), undefined, 'a key that is not there has no revision');
      assert.deepEqual(await store.read('key'), { ...held('b'), revision: second });
      assert.equal(await store.read('absent'), undefined);
    },
  },
  {
    name: 'of many writers of a new key one wins',
    async run({ store, another }) {
      await oneWins(store, [store, await another(), await another()], undefined);
    },
  },
  {
    name: 'of many writers at one revision one wins',
    async run({ store, another }) {
      const revision = written(await store.write('key', held('before'), undefined));
      await oneWins(store, [store, await another(), await another()], revision);
    },
  },
  {
    name: 'a key that was taken out is gone, and can be written as a new one',
    async run({ store, another }) {
      const other = await another();
      const first = written(await store.write('key', held('a'), undefined));
      assert.equal(await other.remove('key', first), true);
      assert.equal(await store.read('key'), undefined);
      assert.equal(await store.write('key', handled('a'), first), undefined, 'it came back at its old revision');
      const second = written(await other.write('key', held('b'), undefined));
      assert.notEqual(second, first, 'a revision came again: whoever waits would take one holder for another');
      assert.deepEqual(await store.read('key'), { ...held('b'), revision: second });
    },
  },
  {
    name: 'nothing is taken out at another revision',
    async run({ store }) {
      const first = written(await store.write('key', held('a'), undefined));
      const second = written(await store.write('key', held('b'), first));
      assert.equal(await store.remove('key', first), false);
      assert.deepEqual(await store.read('key'), { ...held('b'), revision: second });
      assert.equal(await store.remove('absent', first), false);
      await store.remove('key', second);
      assert.equal(await store.remove('key', second), false, 'it was taken out twice');
    },
  },
  {
    name: 'keys may be of any characters and any length, and none is taken for another',
    async run({ store }) {
      const long = 'k'.repeat(10_000);
      const keys = [
        'a',
        'A',
        'a ',
        'a.b',
        'a*',
        '>',
        'a\nb',
        'ä',
        'a\u0308',
        '🦭',
        '\0',
        '../a',
        '$KV',
        long,
        `${long}!`,
      ];
      const revisions = new Map<string, number>();
      for (const [index, key] of keys.entries())
        revisions.set(key, written(await store.write(key, held(`h-${index}`), undefined)));
      for (const [index, key] of keys.entries())
        assert.deepEqual(await store.read(key), { ...held(`h-${index}`), revision: revisions.get(key) });
    },
  },
];

/** A mark that must not be changed. */
export function held(holder: string): InboxMark {
  return frozen({ state: 'held', holder });
}

export function handled(holder: string): InboxMark {
  return frozen({ state: 'handled', holder });
}

/** The revision of a write that was to succeed. */
export function written(revision: number | undefined): number {
  assert.ok(typeof revision === 'number', 'a write was refused that nothing stood against');
  return revision;
}

async function oneWins(store: InboxStore, clients: readonly InboxStore[], at: number | undefined): Promise<void> {
  const writers = Array.from({ length: 30 }, (_, index) => ({
    client: clients[index % clients.length] as InboxStore,
    mark: held(`writer-${index}`),
  }));
  const revisions = await Promise.all(writers.map(({ client, mark }) => client.write('key', mark, at)));
  const winners = writers.filter((_, index) => revisions[index] !== undefined);
  assert.equal(winners.length, 1, `${winners.length} of ${writers.length} writers won`);
  const revision = revisions.find((one) => one !== undefined);
  assert.deepEqual(await store.read('key'), { ...winners[0]?.mark, revision });
}
