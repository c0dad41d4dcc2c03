import type { Candidate, Picker, Strategy } from '@tenon/contract';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { candidatesOf, idsOf } from '../../test/candidates.js';
import { seededRandom, seedMathRandom } from '../../test/seeded-random.js';
import { type ConsistentHashOptions, consistentHashStrategy } from './consistent-hash.js';

const rings = vi.hoisted(() => [] as (readonly string[])[]);
vi.mock('./hash-ring.js', async (original) => {
  const { HashRing } = await original<typeof import('./hash-ring.js')>();
  return {
    HashRing: vi.fn(function make(ids: readonly string[]) {
      rings.push(ids);
      return new HashRing(ids);
    }),
  };
});

const keys = Array.from({ length: 100_000 }, (_, index) => `user-${index}`);

beforeEach(() => seedMathRandom(7));
afterEach(() => void vi.restoreAllMocks());

function newPicker(options: ConsistentHashOptions = {}): Picker {
  return (consistentHashStrategy(options).create as () => Strategy)().picker('greeter');
}

/** The node of each key, one call after the other. */
function placesOf(picker: Picker, candidates: readonly Candidate[], asked = keys): readonly string[] {
  return asked.map((key) => {
    const candidate = picker.pick(candidates, key);
    picker.report(candidate, { elapsedMs: 1 });
    return candidate.node.id;
  });
}

function movedBetween(before: readonly string[], after: readonly string[]): number {
  return before.filter((id, index) => id !== after[index]).length;
}

describe('a key', () => {
  test('has one node for every client, whatever else each has seen', () => {
    const candidates = candidatesOf(idsOf(10));
    const seasoned = newPicker();
    placesOf(seasoned, candidatesOf(['n003', 'x', 'zz']), keys.slice(0, 10));
    placesOf(seasoned, candidatesOf(idsOf(4)), keys.slice(0, 10));
    expect(placesOf(seasoned, candidates)).toEqual(placesOf(newPicker(), candidates));
  });

  test('without a value is another one for each call: every node has its part', () => {
    const picker = newPicker();
    const counts = new Map<string, number>();
    const candidates = candidatesOf(idsOf(10));
    for (let call = 0; call < 10_000; call += 1) {
      const candidate = picker.pick(candidates, undefined);
      picker.report(candidate, { elapsedMs: 1 });
      counts.set(candidate.node.id, (counts.get(candidate.node.id) ?? 0) + 1);
    }
    expect(counts.size).toBe(10);
    expect(Math.min(...counts.values())).toBeGreaterThan(750);
  });
});

describe.each([2, 3, 5, 10, 30, 100])('of %i nodes', (count) => {
  const ids = idsOf(count);
  const all = candidatesOf(ids);
  const before = placesOf(newPicker(), all);
  // Of many, some: each takes all keys once more.
  const tried = ids.filter((_, index) => index % Math.ceil(count / 10) === 0);

  test('none has more than 1.25 of an even share of the keys', () => {
    const counts = new Map<string, number>();
    for (const id of before) counts.set(id, (counts.get(id) ?? 0) + 1);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual((1.25 * keys.length) / count);
  });

  test('each that leaves moves its own keys and no other, at most 1.25/N of them', () => {
    for (const gone of tried) {
      const picker = newPicker();
      placesOf(picker, all, keys.slice(0, 1));
      const after = placesOf(
        picker,
        all.filter(({ node }) => node.id !== gone),
      );
      const own = before.filter((id) => id === gone).length;
      expect(movedBetween(before, after), gone).toBe(own);
      expect(own).toBeLessThanOrEqual((1.25 * keys.length) / count);
    }
  });

  test('each that joins takes at most 1.25/N of the keys, and moves no other', () => {
    for (const joined of tried.map((id) => `${id}-new`)) {
      const picker = newPicker();
      placesOf(picker, all, keys.slice(0, 1));
      const after = placesOf(picker, candidatesOf([...ids, joined]));
      const moved = movedBetween(before, after);
      expect(after.filter((id) => id === joined).length, joined).toBe(moved);
      expect(moved).toBeGreaterThan((0.75 * keys.length) / (count + 1));
      expect(moved).toBeLessThanOrEqual((1.25 * keys.length) / (count + 1));
    }
  });
});

describe('the bound on load', () => {
  const candidates = candidatesOf(idsOf(10));

  test.each([1, 1.25, 2])('no node has more than ⌈%f × calls ÷ nodes⌉ under way, whatever the keys', (loadBound) => {
    const picker = newPicker({ loadBound });
    const underWay = new Map(candidates.map((candidate) => [candidate, 0]));
    const open: Candidate[] = [];
    const random = seededRandom(99);
    let tooMany = 0;
    for (let turn = 0; turn < 20_000; turn += 1) {
      if (open.length > 0 && random() < 0.45) {
        const [ended] = open.splice(Math.floor(random() * open.length), 1) as [Candidate];
        underWay.set(ended, (underWay.get(ended) as number) - 1);
        picker.report(ended, { elapsedMs: 1 });
        continue;
      }
      // Two of three calls ask for one key.
      const chosen = picker.pick(candidates, random() < 2 / 3 ? 'hot' : `user-${turn}`);
      open.push(chosen);
      underWay.set(chosen, (underWay.get(chosen) as number) + 1);
      const capacity = Math.ceil((loadBound * open.length) / candidates.length);
      if ((underWay.get(chosen) as number) > capacity) tooMany += 1;
    }
    expect(tooMany).toBe(0);
    expect(open.length).toBeGreaterThan(1_000);
  });

  test('a key whose node is full goes to the next on the ring, and comes back', () => {
    const picker = newPicker();
    const home = picker.pick(candidates, 'k');
    const next = picker.pick(candidates, 'k');
    expect(next).not.toBe(home);
    const nextAlone = placesOf(
      newPicker(),
      candidates.filter((candidate) => candidate !== home),
      ['k'],
    );
    expect([next.node.id]).toEqual(nextAlone);
    for (const candidate of [home, next]) picker.report(candidate, { elapsedMs: 1 });
    expect(picker.pick(candidates, 'k')).toBe(home);
  });

  test('reports of what is unknown, or doubled, count for nothing', () => {
    const picker = newPicker();
    const home = picker.pick(candidates, 'k');
    const [stranger] = candidatesOf(['stranger']) as [Candidate];
    for (const candidate of [home, home, home, stranger]) picker.report(candidate, { elapsedMs: 1 });
    expect([picker.pick(candidates, 'k'), picker.pick(candidates, 'k') === home]).toEqual([home, false]);
  });

  test('holds within a list that filters or exclusions have narrowed, which changes with each call', () => {
    const picker = newPicker();
    const even = candidates.filter((_, index) => index % 2 === 0);
    const held = Array.from({ length: 50 }, () => picker.pick([...even], 'k'));
    const counts = even.map((candidate) => held.filter((one) => one === candidate).length);
    expect(Math.max(...counts)).toBe(13);
    expect(picker.pick([candidates[1] as Candidate], 'k')).toBe(candidates[1]);
  });
});

test('nodes that are gone are forgotten when others join', () => {
  const picker = newPicker();
  for (let turn = 0; turn < 50; turn += 1) {
    const ids = idsOf(10).map((id) => `${id}-${turn}`);
    placesOf(picker, candidatesOf(ids), ['k']);
  }
  expect(rings.at(-1)?.length).toBeLessThanOrEqual(20);
});

test('the candidate of a new set stands for its node, not the earlier one', () => {
  const picker = newPicker();
  const [earlier, later] = [candidatesOf(['a', 'b']), candidatesOf(['a', 'b'])];
  placesOf(picker, earlier, ['k']);
  expect(later).toContain(picker.pick(later, 'k'));
});

test.each([0.99, 101, Number.NaN])('loadBound %f is refused', (loadBound) => {
  expect(() => consistentHashStrategy({ loadBound })).toThrow(/consistentHashStrategy\.loadBound is .* from 1 to 100/);
});
