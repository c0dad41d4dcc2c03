import type { Candidate, Picker, Provider, Strategy } from '@tenon/contract';
import { beforeEach, describe, expect, test } from 'vitest';
import { candidatesOf, idsOf } from '../../test/candidates.js';
import { seedMathRandom } from '../../test/seeded-random.js';
import { randomStrategy } from './random.js';
import { type VersionWeightsOptions, versionWeights } from './version-weights.js';

beforeEach(() => seedMathRandom(5));

const canary = { '1.0.0': 95, '1.1.0': 5 };
const old = candidatesOf(idsOf(3, 'a'));
const fresh = candidatesOf(idsOf(1, 'b'), { version: '1.1.0' });
const unknown = candidatesOf(idsOf(2, 'c'), { version: '2.0.0-rc.1' });

function newPicker(weights: Readonly<Record<string, number>> = canary, options: VersionWeightsOptions = {}): Picker {
  const provider = versionWeights(weights, { within: randomStrategy(), ...options });
  return (provider.create as () => Strategy)().picker('greeter');
}

/** The part of the calls that goes to each version. */
function shares(picker: Picker, candidates: readonly Candidate[], calls = 20_000): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let call = 0; call < calls; call += 1) {
    const { record } = picker.pick(candidates, undefined);
    counts[record.version] = (counts[record.version] ?? 0) + 1 / calls;
  }
  return counts;
}

test('each version has its share, however many nodes it has', () => {
  const { '1.0.0': most, '1.1.0': few } = shares(newPicker(), [...old, ...fresh]);
  expect(most).toBeCloseTo(0.95, 2);
  expect(few).toBeCloseTo(0.05, 2);
});

test('weights may have any unit', () => {
  expect(shares(newPicker({ '1.0.0': 0.003, '1.1.0': 0.001 }), [...old, ...fresh])['1.1.0']).toBeCloseTo(0.25, 2);
});

describe('a version that is not named', () => {
  test('gets nothing while a named one is there', () => {
    expect(shares(newPicker(), [...old, ...fresh, ...unknown])['2.0.0-rc.1']).toBeUndefined();
  });

  test('gets what the option says', () => {
    const picker = newPicker(canary, { others: 100 });
    expect(shares(picker, [...old, ...fresh, ...unknown])['2.0.0-rc.1']).toBeCloseTo(0.5, 2);
  });

  test('serves where no other is there, so that no call fails for want of a node; so does one of weight 0', () => {
    expect(shares(newPicker(), unknown)['2.0.0-rc.1']).toBeCloseTo(1);
    const { '1.1.0': zero, '2.0.0-rc.1': unnamed } = shares(newPicker({ '1.0.0': 1, '1.1.0': 0 }), [
      ...fresh,
      ...unknown,
    ]);
    expect([zero, unnamed]).toEqual([expect.closeTo(1 / 3, 1), expect.closeTo(2 / 3, 1)]);
  });
});

test('a version without a node gives its share to the others, in proportion, and has it back', () => {
  const weights = { '1.0.0': 60, '1.1.0': 30, '2.0.0-rc.1': 10 };
  const picker = newPicker(weights);
  const without = shares(picker, [...fresh, ...unknown]);
  expect(without['1.1.0']).toBeCloseTo(0.75, 2);
  expect(shares(picker, [...old, ...fresh, ...unknown])['1.0.0']).toBeCloseTo(0.6, 2);
});

test('a key meets the same version each time, for every client, and keys keep to the weights', () => {
  const all = [...old, ...fresh];
  const keys = Array.from({ length: 20_000 }, (_, index) => `user-${index}`);
  const versions = (picker: Picker, candidates: readonly Candidate[]) =>
    keys.map((key) => picker.pick(candidates, key).record.version);
  const met = versions(newPicker(), all);
  expect(versions(newPicker(), [...fresh, ...old])).toEqual(met);
  expect(met.filter((version) => version === '1.1.0').length / keys.length).toBeCloseTo(0.05, 2);
});

test('the strategy within has a picker for each version, which hears of its own nodes, and none is kept for good', () => {
  const heard: string[] = [];
  let made = 0;
  const within: Provider<Strategy> = {
    ...randomStrategy(),
    create: () => ({
      picker: () => {
        made += 1;
        const mine = made;
        return {
          pick: (all) => all[0] as Candidate,
          report: ({ node }) => void heard.push(`${mine}: ${node.id}`),
          returned: ({ node }) => void heard.push(`${mine}: ${node.id} returned`),
        };
      },
    }),
  };
  const picker = newPicker({}, { within, others: 1 });
  picker.report(old[0] as Candidate, { elapsedMs: 1 });
  shares(picker, [...old, ...fresh], 10);
  picker.report(fresh[0] as Candidate, { elapsedMs: 1 });
  picker.returned?.(old[0] as Candidate);
  expect(heard).toEqual(['2: b000', '1: a000 returned']);
  for (let version = 0; version < 200; version += 1)
    shares(picker, candidatesOf(['x'], { version: `0.0.${version}` }), 1);
  const before = made;
  shares(picker, old, 1);
  expect(made).toBe(before + 1);
});

test('weights and options out of range are refused, by name and value', () => {
  expect(() => versionWeights({})).toThrow('versionWeights has no version whose weight is above 0');
  expect(() => versionWeights({ '1': 0 })).toThrow('versionWeights has no version whose weight is above 0');
  for (const weight of [-1, Number.NaN, 1_000_001])
    expect(() => versionWeights({ '1.0.0': 1, '1.1.0': weight })).toThrow(`versionWeights["1.1.0"] is ${weight}`);
  expect(() => versionWeights({ '1.0.0': undefined as never })).toThrow('versionWeights["1.0.0"] is NaN');
  expect(() => versionWeights({ '1.0.0': 1 }, { others: -1 })).toThrow('versionWeights.others is -1');
});
