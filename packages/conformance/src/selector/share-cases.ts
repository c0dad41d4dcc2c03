import assert from 'node:assert/strict';
import { type Outcome, ServiceError } from '@tenon/contract';
import type { ConformanceCase } from '../suite.js';
import type { SelectorFixture } from './fixture.js';
import { pick, picks, recordOf } from './sample.js';

/** How calls are shared among the nodes, by what the strategy promises. */
export const shareCases: readonly ConformanceCase<SelectorFixture>[] = [
  {
    name: 'equal nodes share the calls, across calls',
    async run(fixture) {
      await fixture.setNodes('s', [recordOf('s', ['a1', 'a2'], '1'), recordOf('s', ['b1'], '2')]);
      assertShares(fixture, await picks(fixture, 's', 300), ['a1', 'a2', 'b1']);
    },
  },
  {
    name: 'a slow node gets less where the strategy learns, and its share elsewhere',
    async run(fixture) {
      const nodes = ['a1', 'a2', 'a3'];
      await fixture.setNodes('slow', [recordOf('slow', nodes)]);
      const outcomeOf = (node: string): Outcome => ({ elapsedMs: node === 'a2' ? 500 : 10 });
      await picks(fixture, 'slow', 60, outcomeOf);
      const counts = await picks(fixture, 'slow', 300, outcomeOf);
      if (fixture.strategy === 'p2c') assertAvoided(counts, 'a2', 300);
      else assertShares(fixture, counts, nodes);
    },
  },
  {
    name: 'a busy node gets less where the strategy learns',
    async run(fixture) {
      await fixture.setNodes('busy', [recordOf('busy', ['a1', 'a2'])]);
      await picks(fixture, 'busy', 20);
      const busy = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(async () => fixture.selector.select('busy')));
      const held = busy.filter(({ node }) => node.id === 'a1');
      const free = busy.filter(({ node }) => node.id === 'a2');
      for (const candidate of free) fixture.selector.report('busy', candidate, { elapsedMs: 10 });
      const counts = await picks(fixture, 'busy', 200);
      for (const candidate of held) fixture.selector.report('busy', candidate, { elapsedMs: 10 });
      if (fixture.strategy !== 'p2c') return assertShares(fixture, counts, ['a1', 'a2']);
      assert.ok(held.length >= 2 && free.length >= 2, `of 8 calls under way, ${held.length} are on one of two nodes`);
      assertAvoided(counts, 'a1', 200);
    },
  },
  {
    name: 'a failing node is avoided where the strategy learns, however fast it fails, and tried again later',
    async run(fixture) {
      const nodes = ['a1', 'a2', 'a3'];
      await fixture.setNodes('bad', [recordOf('bad', nodes)]);
      const error = new ServiceError('Unavailable', 'refused', { executed: 'no' });
      const failing = (node: string): Outcome => (node === 'a3' ? { elapsedMs: 1, error } : { elapsedMs: 10 });
      await picks(fixture, 'bad', 60, failing);
      const counts = await picks(fixture, 'bad', 300, failing);
      // A selector may leave it out by itself, whatever the strategy; nobody gives it more than its share.
      if (fixture.strategy === 'p2c') assertAvoided(counts, 'a3', 300);
      else if (fixture.strategy !== 'other') assert.ok((counts.get('a3') ?? 0) < 150, 'a failing node is preferred');
      if (fixture.strategy === 'other') return;
      // Back at once or little by little: after a minute in which it could be tried it has its share.
      await fixture.passTime(60_000);
      await picks(fixture, 'bad', 100);
      await fixture.passTime(60_000);
      const healed = await picks(fixture, 'bad', 1_000);
      assert.ok((healed.get('a3') ?? 0) > 50, 'a node that failed once is not tried again');
    },
  },
  {
    name: 'two services do not share what is known of their nodes',
    async run(fixture) {
      const nodes = ['a1', 'a2', 'a3'];
      await fixture.setNodes('left', [recordOf('left', nodes)]);
      await fixture.setNodes('right', [recordOf('right', nodes)]);
      const error = new ServiceError('Unavailable', 'refused', { executed: 'no' });
      const right = new Map<string, number>();
      for (let turn = 0; turn < 300; turn += 1) {
        // Two calls to the other service for each: a cursor that both share comes back to the same of three nodes.
        for (let other = 0; other < 2; other += 1) {
          const left = await fixture.selector.select('left');
          const failed = left.node.id === 'a3';
          fixture.selector.report('left', left, failed ? { elapsedMs: 1, error } : { elapsedMs: 10 });
        }
        for (const [id, count] of await picks(fixture, 'right', 1)) right.set(id, (right.get(id) ?? 0) + count);
      }
      assertShares(fixture, right, nodes);
      assert.equal((await pick(fixture.selector, 'left')).record.name, 'left');
    },
  },
  {
    name: 'reports about what is unknown, or doubled, do not throw and do no harm',
    async run(fixture) {
      const nodes = ['a1', 'a2'];
      await fixture.setNodes('r', [recordOf('r', nodes)]);
      const { selector } = fixture;
      const error = new ServiceError('Unavailable', 'refused', { executed: 'no' });
      const known = await pick(selector, 'r');
      const record = recordOf('r', ['gone']);
      const gone = { node: record.nodes[0]!, record };
      for (const outcome of [{ elapsedMs: 1 }, { elapsedMs: 1, error }, { elapsedMs: Number.NaN }, { elapsedMs: -1 }]) {
        selector.report('r', gone, outcome);
        selector.report('never selected', gone, outcome);
      }
      for (let turn = 0; turn < 20; turn += 1) selector.report('r', known, { elapsedMs: 1 });
      await fixture.passTime(60_000);
      assertShares(fixture, await picks(fixture, 'r', 300), nodes);
    },
  },
];

/** Round robin is exact; with the others no node gets less than half of its share. */
function assertShares(
  { strategy }: SelectorFixture,
  counts: ReadonlyMap<string, number>,
  nodes: readonly string[],
): void {
  const calls = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const shares = nodes.map((node) => counts.get(node) ?? 0);
  const told = nodes.map((node, index) => `${node}: ${shares[index]}`).join(', ');
  assert.equal(
    shares.reduce((sum, share) => sum + share, 0),
    calls,
    `a node that is not in the set was chosen (${[...counts.keys()].join(', ')})`,
  );
  if (strategy === 'other') return;
  const least = strategy === 'round-robin' ? Math.floor(calls / nodes.length) : calls / nodes.length / 2;
  for (const share of shares) assert.ok(share >= least, `of ${calls} calls: ${told}`);
}

/** A third of its share where there are two nodes, half of it where there are three. */
function assertAvoided(counts: ReadonlyMap<string, number>, node: string, calls: number): void {
  const count = counts.get(node) ?? 0;
  assert.ok(count < calls / 6, `${node} got ${count} of ${calls} calls`);
}
