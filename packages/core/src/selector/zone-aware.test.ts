import { type Candidate, type Outcome, type Picker, type Provider, ServiceError, Strategy } from '@tenon/contract';
import { beforeEach, describe, expect, test } from 'vitest';
import { candidatesOf, idsOf } from '../../test/candidates.js';
import { seedMathRandom } from '../../test/seeded-random.js';
import { randomStrategy } from './random.js';
import { roundRobinStrategy } from './round-robin.js';
import { type ZoneAwareOptions, zoneAwareStrategy } from './zone-aware.js';

beforeEach(() => seedMathRandom(3));

const served: Outcome = { elapsedMs: 1 };
const failed: Outcome = { elapsedMs: 1, error: new ServiceError('Unavailable', 'x', { answered: true }) };

function newPicker(options: ZoneAwareOptions = {}, zone = 'a'): Picker {
  const provider = zoneAwareStrategy(zone, { within: randomStrategy(), ...options });
  return (provider.create as () => Strategy)().picker('greeter');
}

/** So many nodes in each of the zones a, b, c, … */
function fleet(...counts: readonly number[]): readonly Candidate[] {
  return counts.flatMap((count, index) => {
    const zone = String.fromCharCode(97 + index);
    return candidatesOf(idsOf(count, zone), { metadata: { zone } });
  });
}

/** The part of the calls that goes to each zone. */
function shares(
  picker: Picker,
  candidates: readonly Candidate[],
  outcomeOf: (zone: string) => Outcome = () => served,
  calls = 20_000,
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let call = 0; call < calls; call += 1) {
    const candidate = picker.pick(candidates, undefined);
    const zone = candidate.node.metadata['zone'] ?? '';
    counts[zone] = (counts[zone] ?? 0) + 1 / calls;
    picker.report(candidate, outcomeOf(zone));
  }
  return counts;
}

describe('calls stay in the own zone', () => {
  test.each([
    ['where each zone is as large as another', fleet(4, 4, 4)],
    ['where it is the largest', fleet(9, 1, 2)],
    ['where one node in four is missing', fleet(3, 4, 4)],
    ['where another zone lacks nodes', fleet(4, 1, 4)],
    ['where there is no other', fleet(3)],
  ])('%s', (_name, candidates) => {
    expect(Object.keys(shares(newPicker(), candidates))).toEqual(['a']);
  });

  test('by the label that the option names', () => {
    const near = candidatesOf(['x'], { metadata: { rack: 'a', zone: 'b' } });
    const far = candidatesOf(['y'], { metadata: { rack: 'b', zone: 'a' } });
    const picker = newPicker({ label: 'rack' });
    expect(Array.from({ length: 20 }, () => picker.pick([...near, ...far], undefined).node.id)).not.toContain('y');
  });
});

describe('what the own zone cannot carry spills, in proportion', () => {
  test.each([
    // 1.4 × own ÷ (all ÷ zones)
    [fleet(2, 4, 4), 0.84],
    [fleet(1, 4, 4), 1.4 / 3],
    [fleet(1, 1, 10), 0.35],
    [fleet(1, 3), 0.7],
  ])('fleet %#', (candidates, stays) => {
    expect(shares(newPicker(), candidates)['a']).toBeCloseTo(stays, 1);
  });

  test('to each other zone as it has nodes', () => {
    const { b = 0, c = 0 } = shares(newPicker(), fleet(1, 2, 8));
    expect(c / b).toBeGreaterThan(3.5);
    expect(c / b).toBeLessThan(4.5);
  });

  test('all of it where the zone has no node, and all alike where nobody has a zone', () => {
    expect(Object.keys(shares(newPicker(), fleet(0, 2, 2))).sort()).toEqual(['b', 'c']);
    const nowhere = candidatesOf(idsOf(4));
    const seen = new Set(Array.from({ length: 100 }, () => newPicker().pick(nowhere, undefined).node.id));
    expect(seen.size).toBeGreaterThan(1);
  });

  test('at once and back at once, as nodes are ejected and return', () => {
    const picker = newPicker();
    expect(shares(picker, fleet(4, 4, 4))['a']).toBeCloseTo(1);
    expect(shares(picker, fleet(1, 4, 4))['a']).toBeCloseTo(0.467, 1);
    expect(shares(picker, fleet(4, 4, 4))['a']).toBeCloseTo(1);
  });

  test('sooner with less headroom, later with more', () => {
    expect(shares(newPicker({ headroom: 1 }), fleet(3, 4, 4))['a']).toBeCloseTo(9 / 11, 1);
    expect(shares(newPicker({ headroom: 3 }), fleet(1, 4, 4))['a']).toBeCloseTo(1);
  });
});

describe('a zone that fails, or has too much to do, while all its nodes are candidates, as in a panic', () => {
  const candidates = fleet(4, 4, 4);
  const overloaded = { elapsedMs: 1, error: new ServiceError('ResourceExhausted', 'x', { refusal: 'overloaded' }) };

  test.each([
    ['fails', failed],
    ['has too much to do', overloaded],
  ])('keeps an even share where it %s, and has its calls back when it is well', (_name, outcome) => {
    const picker = newPicker();
    shares(picker, candidates, (zone) => (zone === 'a' ? outcome : served), 2_000);
    expect(shares(picker, candidates, (zone) => (zone === 'a' ? outcome : served))['a']).toBeCloseTo(1 / 3, 1);
    shares(picker, candidates, undefined, 2_000);
    expect(shares(picker, candidates)['a']).toBeCloseTo(1, 1);
  });

  test('keeps all where one call in five fails: there is headroom', () => {
    let call = 0;
    const fifth = () => (call++ % 5 === 0 ? failed : served);
    expect(shares(newPicker(), candidates, fifth)['a']).toBeGreaterThan(0.98);
  });

  test.each(['Canceled', 'DeadlineExceeded'] as const)('is not judged by %s', (code) => {
    const outcome = { elapsedMs: 1, error: new ServiceError(code, 'x') };
    expect(shares(newPicker(), candidates, () => outcome)['a']).toBeCloseTo(1);
  });

  test('has its calls back at once when the selector takes a node of it back', () => {
    const picker = newPicker();
    shares(picker, candidates, (zone) => (zone === 'a' ? failed : served), 2_000);
    picker.returned?.(candidates[0] as Candidate);
    expect(picker.pick(candidates, undefined).node.metadata['zone']).toBe('a');
  });
});

test('the strategy within has a picker for each side, which hears of its own nodes', () => {
  const heard: string[][] = [];
  const within: Provider<Strategy> = {
    ...roundRobinStrategy(),
    create: () => ({
      picker: () => {
        const mine: string[] = [];
        heard.push(mine);
        return {
          pick: (all) => all[0] as Candidate,
          report: ({ node }) => void mine.push(node.id),
          returned: ({ node }) => void mine.push(`${node.id} returned`),
        };
      },
    }),
  };
  const picker = newPicker({ within });
  const [own, other] = fleet(1, 1) as readonly [Candidate, Candidate];
  for (const candidate of [own, other]) {
    picker.report(candidate, served);
    picker.returned?.(candidate);
  }
  expect(heard).toEqual([
    ['a000', 'a000 returned'],
    ['b000', 'b000 returned'],
  ]);
});

test('options out of range are refused, by name and value', () => {
  expect(() => zoneAwareStrategy('')).toThrow('zoneAwareStrategy.zone is ""');
  expect(() => zoneAwareStrategy('a', { label: '' })).toThrow('zoneAwareStrategy.label is ""');
  expect(() => zoneAwareStrategy('a', { headroom: 0.5 })).toThrow(
    /zoneAwareStrategy\.headroom is 0\.5; .* from 1 to 10/,
  );
  const within = { token: Strategy } as never;
  expect(() => zoneAwareStrategy('a', { within })).toThrow(
    'zoneAwareStrategy.within must be the provider of a Strategy',
  );
});
