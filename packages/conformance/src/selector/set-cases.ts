import assert from 'node:assert/strict';
import { type Candidate, type Filter, ServiceError } from '@tenon/contract';
import { eventually, within } from '../eventually.js';
import { frozen } from '../frozen.js';
import { rejectsWith } from '../rejects-with.js';
import type { ConformanceCase } from '../suite.js';
import type { SelectorFixture } from './fixture.js';
import { onlyVersion, pick, picks, recordOf } from './sample.js';

/** Which nodes may be chosen: the set, filters, exclusions, and changes of the set. */
export const setCases: readonly ConformanceCase<SelectorFixture>[] = [
  {
    name: 'a service without nodes is Unavailable, and was certainly not executed',
    async run(fixture, { patienceMs }) {
      await fixture.setNodes('empty', []);
      const select = async () => within(fixture.selector.select('empty'), patienceMs, 'select of an empty set');
      assert.equal((await rejectsWith(select, 'Unavailable')).executed, 'no');
    },
  },
  {
    name: 'the only node is chosen, with the record that it stands in',
    async run(fixture) {
      const record = recordOf('one', ['a1']);
      await fixture.setNodes('one', [record]);
      for (let turn = 0; turn < 5; turn += 1) {
        const candidate = await pick(fixture.selector, 'one');
        assert.deepEqual({ ...candidate.node }, { ...record.nodes[0] });
        assert.equal(candidate.record.version, '1.0.0');
        assert.equal(candidate.record.nodes.length, 1);
      }
    },
  },
  {
    name: 'a node keeps its candidate for as long as the set stays, also in filters',
    async run(fixture) {
      await fixture.setNodes('same', [recordOf('same', ['a1', 'a2'])]);
      const seen = new Set<Candidate>();
      const watching: Filter = (candidates) => {
        for (const candidate of candidates) seen.add(candidate);
        return candidates;
      };
      for (let turn = 0; turn < 10; turn += 1) {
        seen.add(await pick(fixture.selector, 'same', { filters: [watching] }));
        seen.add(await pick(fixture.selector, 'same'));
      }
      assert.equal(seen.size, 2, 'one node has several candidates');
    },
  },
  {
    name: 'a known set is answered at once, without a promise',
    async run(fixture) {
      await fixture.setNodes('known', [recordOf('known', ['a1', 'a2'])]);
      await pick(fixture.selector, 'known');
      const selected = fixture.selector.select('known');
      assert.ok('node' in selected, 'select() returned a promise for a set that it knows');
      fixture.selector.report('known', selected, { elapsedMs: 1 });
    },
  },
  {
    name: 'filters narrow the set, in their order',
    async run(fixture) {
      await fixture.setNodes('v', [recordOf('v', ['a1', 'a2'], '1.0.0'), recordOf('v', ['b1', 'b2'], '2.0.0')]);
      const handedOn: string[] = [];
      const noting =
        (name: string): Filter =>
        (candidates) => {
          handedOn.push(`${name} ${candidates.length}`);
          return candidates;
        };
      const filters = [noting('first'), onlyVersion('2.0.0'), noting('last')];
      const counts = await picks(fixture, 'v', 60, undefined, { filters });
      assert.deepEqual(
        [...counts.keys()].filter((id) => !id.startsWith('b')),
        [],
        'a filtered node was chosen',
      );
      assert.deepEqual(handedOn.slice(0, 2), ['first 4', 'last 2']);
      const all = await picks(fixture, 'v', 200);
      if (fixture.strategy !== 'other') assert.equal(all.size, 4, 'a filter narrowed the set for later calls');
    },
  },
  {
    name: 'filters that leave none make it Unavailable, and the message names them',
    async run(fixture) {
      await fixture.setNodes('f', [recordOf('f', ['a1', 'a2'])]);
      await pick(fixture.selector, 'f');
      const select = async () => fixture.selector.select('f', { filters: [onlyVersion('9.9.9')] });
      const error = await rejectsWith(select, 'Unavailable');
      assert.equal(error.executed, 'no');
      assert.match(error.message, /filter/i);
      assert.ok(await pick(fixture.selector, 'f'));
    },
  },
  {
    name: 'excluded nodes are not chosen, and excluding all makes it Unavailable',
    async run(fixture) {
      await fixture.setNodes('e', [recordOf('e', ['a1', 'a2', 'a3'])]);
      const counts = await picks(fixture, 'e', 60, undefined, { exclude: new Set(['a1', 'a3']) });
      assert.deepEqual([...counts.keys()], ['a2']);
      const exclude = new Set(['a1', 'a2', 'a3', 'never seen']);
      const error = await rejectsWith(async () => fixture.selector.select('e', { exclude }), 'Unavailable');
      assert.equal(error.executed, 'no');
      assert.match(error.message, /exclu/i);
      assert.equal(exclude.size, 4);
    },
  },
  {
    name: 'a node that is added gets chosen, one that is removed never again',
    async run(fixture, { patienceMs }) {
      await fixture.setNodes('c', [recordOf('c', ['a1', 'a2'])]);
      await picks(fixture, 'c', 10);
      await fixture.setNodes('c', [recordOf('c', ['a2', 'a3'])]);
      await eventually(
        async () => {
          const counts = await picks(fixture, 'c', 40);
          assert.ok(!counts.has('a1'), 'a removed node was chosen');
          if (fixture.strategy !== 'other') assert.ok(counts.has('a3'), 'an added node was not chosen');
        },
        { withinMs: patienceMs },
      );
      const later = await picks(fixture, 'c', 40);
      assert.ok(!later.has('a1'), 'a removed node was chosen');
    },
  },
  {
    name: 'nodes that the registry dropped all at once are not chosen any more when they cannot be reached',
    async run(fixture, { patienceMs }) {
      await fixture.setNodes('gone', [recordOf('gone', ['a1', 'a2', 'a3'])]);
      await picks(fixture, 'gone', 10);
      await fixture.setNodes('gone', []);
      // A selector may doubt that they are gone: each is tried until it fails.
      const error = new ServiceError('Unavailable', 'refused', { executed: 'no' });
      const select = async () => {
        const candidate = await within(fixture.selector.select('gone'), patienceMs, 'a select');
        fixture.selector.report('gone', candidate, { elapsedMs: 1, error });
        await fixture.passTime(2);
      };
      await eventually(() => rejectsWith(select, 'Unavailable'), { withinMs: patienceMs });
    },
  },
  {
    name: 'the last known nodes are used while the registry is away',
    async run(fixture) {
      await fixture.setNodes('away', [recordOf('away', ['a1'])]);
      await pick(fixture.selector, 'away');
      await fixture.loseRegistry();
      for (let turn = 0; turn < 20; turn += 1) {
        await fixture.passTime(10);
        assert.equal((await pick(fixture.selector, 'away')).node.id, 'a1');
      }
    },
  },
  {
    name: 'records, filters and exclusions are not changed',
    async run(fixture) {
      const exclude: ReadonlySet<string> = Object.freeze(new Set(['a1']));
      const options = frozen({ filters: [(candidates: readonly Candidate[]) => Object.freeze([...candidates])] });
      await fixture.setNodes('frozen', [recordOf('frozen', ['a3', 'a1', 'a2'])]);
      for (let turn = 0; turn < 20; turn += 1) {
        assert.notEqual((await pick(fixture.selector, 'frozen', { ...options, exclude })).node.id, 'a1');
      }
      assert.deepEqual([...exclude], ['a1']);
    },
  },
  {
    name: 'a select that waits gets the first set',
    async run(fixture, { patienceMs }) {
      const waiting = waited(fixture.selector.select('late'));
      await fixture.setNodes('late', [recordOf('late', ['a1'])]);
      const candidate = await within(waiting, patienceMs, 'a select that waits for the first set');
      assert.equal(candidate.node.id, 'a1');
      fixture.selector.report('late', candidate, { elapsedMs: 1 });
    },
  },
  {
    name: 'with waitForReady it waits through empty sets and filters that leave none, else it does not',
    async run(fixture, { patienceMs }) {
      const { selector } = fixture;
      await fixture.setNodes('ready', []);
      const any = waited(selector.select('ready', { waitForReady: true }));
      const second = waited(selector.select('ready', { waitForReady: true, filters: [onlyVersion('2')] }));
      await rejectsWith(async () => within(selector.select('ready'), patienceMs, 'a select'), 'Unavailable');
      await fixture.setNodes('ready', [recordOf('ready', ['a1'], '1')]);
      const first = await within(any, patienceMs, 'a select that waits for a node');
      assert.equal(first.node.id, 'a1');
      await fixture.setNodes('ready', [recordOf('ready', ['a1'], '1'), recordOf('ready', ['b1'], '2')]);
      const filtered = await within(second, patienceMs, 'a select that waits for a node of one version');
      assert.equal(filtered.node.id, 'b1');
      for (const candidate of [first, filtered]) selector.report('ready', candidate, { elapsedMs: 1 });
    },
  },
  {
    name: 'with waitForReady it waits until the registry can tell, and no longer than its signal',
    async run(fixture, { patienceMs }) {
      const { selector } = fixture;
      const abort = new AbortController();
      const aborted = waited(selector.select('lost', { waitForReady: true, signal: abort.signal }));
      const waiting = waited(selector.select('lost', { waitForReady: true }));
      await fixture.loseRegistry();
      await fixture.passTime(10);
      abort.abort();
      const end = async () => within(aborted, patienceMs, 'an aborted select');
      assert.equal((await rejectsWith(end, 'Canceled')).executed, 'no');
      await fixture.setNodes('lost', [recordOf('lost', ['a1'])]);
      const candidate = await within(waiting, patienceMs, 'a select that waits for the registry');
      assert.equal(candidate.node.id, 'a1');
      selector.report('lost', candidate, { elapsedMs: 1 });
    },
  },
  {
    name: 'a select that waits ends when its signal is aborted, and the others go on waiting',
    async run(fixture, { patienceMs }) {
      const abort = new AbortController();
      const aborted = waited(fixture.selector.select('w', { signal: abort.signal }));
      const waiting = waited(fixture.selector.select('w'));
      abort.abort();
      const end = async () => within(aborted, patienceMs, 'an aborted select');
      assert.equal((await rejectsWith(end, 'Canceled')).executed, 'no');
      const late = async () =>
        within(fixture.selector.select('w', { signal: AbortSignal.abort() }), patienceMs, 'a select that came aborted');
      await rejectsWith(late, 'Canceled');
      await fixture.setNodes('w', [recordOf('w', ['a1'])]);
      const candidate = await within(waiting, patienceMs, 'the other select');
      fixture.selector.report('w', candidate, { elapsedMs: 1 });
    },
  },
  {
    name: 'close ends waiting selects, later ones are refused, and twice is fine',
    async run(fixture, { patienceMs }) {
      await fixture.setNodes('known', [recordOf('known', ['a1'])]);
      const candidate = await pick(fixture.selector, 'known');
      const waiting = (async () => within(fixture.selector.select('never'), patienceMs, 'a select that waits'))();
      const ended = rejectsWith(() => waiting, 'FailedPrecondition', 'Canceled', 'Unavailable');
      await within(fixture.selector.close(), patienceMs, 'close()');
      await ended;
      for (const service of ['known', 'new']) {
        const select = async () => within(fixture.selector.select(service), patienceMs, 'a select after close');
        assert.equal((await rejectsWith(select, 'FailedPrecondition')).executed, 'no');
      }
      fixture.selector.report('known', candidate, { elapsedMs: 1 });
      await within(fixture.selector.close(), patienceMs, 'the second close()');
    },
  },
];

/** A select whose failure counts when it is awaited: a case that fails before leaves no rejection without a handler. */
function waited(selected: Candidate | Promise<Candidate>): Promise<Candidate> {
  const waiting = Promise.resolve(selected);
  waiting.catch(() => {});
  return waiting;
}
