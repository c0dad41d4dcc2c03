import type { Candidate, Picker, Provider, Strategy } from '@tenon/contract';
import {
  p2cStrategy,
  randomHashStrategy,
  randomStrategy,
  roundRobinStrategy,
  versionWeights,
  zoneAwareStrategy,
} from '@tenon/core';
import { FakeClock } from '@tenon/testing/fake-clock';
import { beforeEach, describe, expect, test } from 'vitest';
import { candidatesOf, idsOf } from './candidates.js';
import { chiSquare, chiSquareBound } from './chi-square.js';
import { seedMathRandom } from './seeded-random.js';

const picks = 1_000_000;
const ten = candidatesOf(idsOf(10));

beforeEach(() => seedMathRandom(2026));

function pickerOf(provider: Provider<Strategy>): Picker {
  return (provider.create as (clock: FakeClock) => Strategy)(new FakeClock()).picker('greeter');
}

/** Calls one after the other, all of the same length. */
function countsOf(
  picker: Picker,
  candidates: readonly Candidate[],
  keyOf?: (pick: number) => string,
): Map<string, number> {
  const counts = new Map(candidates.map(({ node }) => [node.id, 0]));
  const outcome = { elapsedMs: 5, endedAt: 0 };
  for (let pick = 0; pick < picks; pick += 1) {
    const candidate = picker.pick(candidates, keyOf?.(pick));
    counts.set(candidate.node.id, (counts.get(candidate.node.id) as number) + 1);
    picker.report(candidate, outcome);
  }
  return counts;
}

describe('a million picks among ten equal nodes are even, by chi-square at p > 0.001, with', () => {
  test.each([
    ['randomStrategy', randomStrategy(), undefined],
    ['roundRobinStrategy', roundRobinStrategy(), undefined],
    ['p2cStrategy', p2cStrategy(), undefined],
    ['randomHashStrategy without a key', randomHashStrategy(), undefined],
    ['randomHashStrategy and as many keys', randomHashStrategy(), (pick: number) => `user-${pick}`],
    ['randomHashStrategy and keys of digits', randomHashStrategy(), (pick: number) => String(pick)],
  ])('%s', (_name, provider, keyOf) => {
    const counts = [...countsOf(pickerOf(provider), ten, keyOf).values()];
    expect(chiSquare(counts)).toBeLessThan(chiSquareBound(9));
  });
});

describe('a million picks keep to the weights of versions, by chi-square at p > 0.001,', () => {
  const fleet = [
    ...candidatesOf(idsOf(7, 'a')),
    ...candidatesOf(idsOf(1, 'b'), { version: '1.1.0' }),
    ...candidatesOf(idsOf(2, 'c'), { version: '2.0.0' }),
  ];
  test.each([
    ['without keys', undefined],
    ['with as many keys', (pick: number) => `user-${pick}`],
  ])('%s, and are even within each', (_name, keyOf) => {
    const weighted = versionWeights({ '1.0.0': 94, '1.1.0': 5, '2.0.0': 1 }, { within: randomHashStrategy() });
    const counts = countsOf(pickerOf(weighted), fleet, keyOf);
    const of = (prefix: string) => [...counts].flatMap(([id, count]) => (id.startsWith(prefix) ? [count] : []));
    const shares = ['a', 'b', 'c'].map((prefix) => of(prefix).reduce((sum, count) => sum + count, 0));
    expect(chiSquare(shares, [94, 5, 1])).toBeLessThan(chiSquareBound(2));
    expect(chiSquare(of('a'))).toBeLessThan(chiSquareBound(6));
    expect(chiSquare(of('c'))).toBeLessThan(chiSquareBound(1));
  });
});

test('a million picks are even within the own zone and within the others, by chi-square at p > 0.001', () => {
  const own = candidatesOf(idsOf(2, 'a'), { metadata: { zone: 'a' } });
  const others = [
    ...candidatesOf(idsOf(4, 'b'), { metadata: { zone: 'b' } }),
    ...candidatesOf(idsOf(4, 'c'), { metadata: { zone: 'c' } }),
  ];
  const picker = pickerOf(zoneAwareStrategy('a', { within: randomStrategy() }));
  const counts = countsOf(picker, [...own, ...others]);
  const of = (candidates: readonly Candidate[]) => candidates.map(({ node }) => counts.get(node.id) as number);
  const [stayed, spilled] = [of(own), of(others)];
  expect(chiSquare(stayed)).toBeLessThan(chiSquareBound(1));
  expect(chiSquare(spilled)).toBeLessThan(chiSquareBound(7));
  const total = (numbers: readonly number[]) => numbers.reduce((sum, count) => sum + count, 0);
  // Two of ten nodes where a third is needed: 1.4 × 2 ÷ (10 ÷ 3) stay.
  expect(chiSquare([total(stayed), total(spilled)], [0.84, 0.16])).toBeLessThan(chiSquareBound(1));
});

describe('the check itself', () => {
  test.each([
    [1, 10.828],
    [2, 13.816],
    [9, 27.877],
    [99, 148.23],
  ])('has the bounds of the tables: %i degrees of freedom', (degrees, bound) => {
    expect(chiSquareBound(degrees)).toBeCloseTo(bound, 2);
  });

  test('finds a node that has two calls in a hundred too many', () => {
    expect(chiSquare([100_200, ...Array.from({ length: 9 }, () => 99_978)])).toBeLessThan(chiSquareBound(9));
    expect(chiSquare([102_000, ...Array.from({ length: 9 }, () => 99_778)])).toBeGreaterThan(chiSquareBound(9));
  });
});
