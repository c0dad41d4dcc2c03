import { type Candidate, type Code, type Picker, ServiceError, type Strategy } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type P2cOptions, p2cStrategy } from './p2c.js';

const nodes = ['a', 'b', 'c', 'd'].map(candidateOf);
const [a, b] = nodes as [Candidate, Candidate];
const both = [a, b];

let random = 1;

beforeEach(() => {
  random = 1;
  // The same numbers in every run (Park and Miller's minimal standard generator).
  vi.spyOn(Math, 'random').mockImplementation(() => {
    random = (random * 48_271) % 2_147_483_647;
    return random / 2_147_483_647;
  });
});

afterEach(() => void vi.restoreAllMocks());

function setUp(options: P2cOptions = {}) {
  const clock = new FakeClock();
  const create = p2cStrategy(options).create as unknown as (clock: FakeClock) => Strategy;
  return { clock, picker: create(clock).picker('greeter') };
}

function candidateOf(id: string): Candidate {
  const node = { id, address: `${id}:1`, metadata: {} };
  return { node, record: { name: 'greeter', version: '1', metadata: {}, endpoints: [], nodes: [node] } };
}

const failureOf = (code: Code): ServiceError => new ServiceError(code, 'x', { answered: true });

/** A pick of this very node, that took this long. */
function call(picker: Picker, candidate: Candidate, elapsedMs: number, code?: Code): void {
  picker.pick([candidate], undefined);
  picker.report(candidate, { elapsedMs, error: code === undefined ? undefined : failureOf(code) });
}

/** The share of `candidate` in 1,000 picks that each end at once and teach nothing. */
function shareOf(candidate: Candidate, picker: Picker, candidates: readonly Candidate[] = both): number {
  let count = 0;
  for (let pick = 0; pick < 1_000; pick += 1) {
    const picked = picker.pick(candidates, undefined);
    picker.report(picked, { elapsedMs: 0, error: failureOf('Canceled') });
    if (picked === candidate) count += 1;
  }
  return count / 1_000;
}

test('nodes of which nothing is known share the calls', () => {
  const { picker } = setUp();
  for (const candidate of nodes) expect(shareOf(candidate, picker, nodes)).toBeCloseTo(0.25, 1);
});

test('one candidate is picked, whatever is known of it', () => {
  const { picker } = setUp();
  call(picker, a, 60_000, 'Unavailable');
  expect(picker.pick([a], undefined)).toBe(a);
});

describe('a node', () => {
  test('that is slower gets fewer calls, by the cube of how much', () => {
    const { picker } = setUp();
    call(picker, a, 9);
    call(picker, b, 29);
    // Costs 10 and 30: odds of 27 to 1.
    expect(shareOf(b, picker)).toBeLessThan(0.06);
    expect(shareOf(b, picker)).toBeGreaterThan(0.015);
  });

  test('with calls under way gets fewer, until they end', () => {
    const { picker } = setUp();
    for (let pick = 0; pick < 9; pick += 1) picker.pick([a], undefined);
    expect(shareOf(a, picker)).toBeLessThan(0.03);
    for (let pick = 0; pick < 9; pick += 1) picker.report(a, { elapsedMs: 0, error: failureOf('Canceled') });
    expect(shareOf(a, picker)).toBeCloseTo(0.5, 1);
  });

  test.each(['Unavailable', 'DeadlineExceeded', 'ResourceExhausted', 'Internal', 'Unknown', 'DataLoss'] as const)(
    'that fails fast with %s is avoided',
    (code) => {
      const { picker } = setUp();
      call(picker, a, 1, code);
      call(picker, b, 20);
      expect(shareOf(a, picker)).toBeLessThan(0.03);
    },
  );

  test('that refuses because it is overloaded gets fewer, and is not starved', () => {
    const { picker } = setUp();
    call(picker, a, 9);
    call(picker, b, 9);
    const refuse = (): void => {
      picker.pick([a], undefined);
      const error = new ServiceError('ResourceExhausted', 'full', { executed: 'no', refusal: 'overloaded' });
      picker.report(a, { elapsedMs: 1, error });
    };
    refuse();
    // Costs 20 and 10: odds of 8 to 1.
    expect(shareOf(a, picker)).toBeCloseTo(0.111, 1);
    for (let refusals = 0; refusals < 20; refusals += 1) refuse();
    // No worse than a node that takes 100 ms.
    const { picker: other } = setUp();
    call(other, a, 100);
    call(other, b, 9);
    expect(Math.abs(shareOf(a, picker) - shareOf(a, other))).toBeLessThan(0.01);
  });

  test('that fails here, before anything was sent, is not held responsible', () => {
    const { picker } = setUp();
    call(picker, b, 1);
    picker.pick([a], undefined);
    picker.report(a, { elapsedMs: 1, error: new ServiceError('ResourceExhausted', 'the request is too long') });
    expect(shareOf(a, picker)).toBeCloseTo(0.5, 1);
  });

  test('that comes back has its failures forgotten, and what is under way on it is not', () => {
    const { picker } = setUp();
    call(picker, a, 1, 'Unavailable');
    picker.pick([a], undefined);
    picker.returned?.(a);
    call(picker, b, 1);
    picker.pick([b], undefined);
    // One under way on each: costs 1 × 2 and 2 × 2.
    expect(shareOf(a, picker)).toBeCloseTo(0.889, 1);
    picker.returned?.(candidateOf('never picked'));
  });

  test.each(['NotFound', 'InvalidArgument', 'PermissionDenied', 'FailedPrecondition'] as const)(
    'that answers %s, by choice, is not',
    (code) => {
      const { picker } = setUp();
      call(picker, a, 20, code);
      call(picker, b, 20);
      expect(shareOf(a, picker)).toBeCloseTo(0.5, 1);
    },
  );

  test('whose callers give up early looks no faster than one that is silent', async () => {
    const { clock, picker } = setUp({ decayMs: 1_000 });
    call(picker, a, 100);
    call(picker, b, 100);
    for (let times = 0; times < 10; times += 1) {
      await clock.advance(100);
      for (let calls = 0; calls < 10; calls += 1) call(picker, a, 1, 'Canceled');
    }
    expect(shareOf(a, picker)).toBeCloseTo(0.5, 1);
  });

  test('whose callers give up early does not have its old latency kept alive by them', async () => {
    const { clock, picker } = setUp({ decayMs: 1_000 });
    call(picker, a, 100);
    await clock.advance(2_000);
    call(picker, a, 1, 'Canceled');
    await clock.advance(1_001);
    expect(shareOf(a, picker)).toBeCloseTo(0.5, 1);
  });

  test('that is stuck stays avoided, though its callers never wait for its end', async () => {
    const { clock, picker } = setUp({ decayMs: 1_000 });
    for (let times = 0; times < 10; times += 1) {
      await clock.advance(1_000);
      call(picker, a, 500, 'Canceled');
      call(picker, b, 20);
    }
    expect(shareOf(a, picker)).toBeLessThan(0.03);
  });

  test('that was slow once is tried again as time passes', async () => {
    const { clock, picker } = setUp({ decayMs: 1_000 });
    call(picker, a, 60_000);
    expect(shareOf(a, picker)).toBe(0);
    await clock.advance(3_001);
    expect(shareOf(a, picker)).toBeCloseTo(0.5, 1);
  });

  test('that got better wins calls back sample by sample, one that got worse loses them at once', async () => {
    const { clock, picker } = setUp({ decayMs: 1_000 });
    call(picker, a, 100);
    call(picker, b, 100);
    await clock.advance(1_000);
    call(picker, a, 0);
    call(picker, b, 100);
    // 37 % of 100 is left of a's average, costs 37.8 and 101: odds of about 19 to 1.
    expect(shareOf(b, picker)).toBeCloseTo(0.05, 1);
    call(picker, a, 1_000);
    expect(shareOf(a, picker)).toBeLessThan(0.03);
  });
});

describe('what is known', () => {
  test('of a node that a filter leaves out is kept', () => {
    const { picker } = setUp();
    call(picker, a, 60_000);
    const many = Array.from({ length: 200 }, (_, index) => candidateOf(`n${index}`));
    for (const candidate of many) call(picker, candidate, 1);
    expect(shareOf(a, picker)).toBe(0);
  });

  test('of nodes that are gone is forgotten, unless calls to them are under way', async () => {
    const forgotten = vi.spyOn(Map.prototype, 'delete');
    const { clock, picker } = setUp({ decayMs: 1_000 });
    for (let index = 0; index < 500; index += 1) call(picker, candidateOf(`n${index}`), 1);
    picker.pick([a], undefined);
    await clock.advance(3_000);
    forgotten.mockClear();
    // Maps are everywhere, the test runner's own included; only what concerns nodes counts.
    const forgottenNodes = (): string[] =>
      forgotten.mock.calls.map(([id]) => String(id)).filter((id) => /^(n\d+|a|b)$/.test(id));
    call(picker, b, 1);
    expect(forgottenNodes()).toEqual([]);
    await clock.advance(1);
    call(picker, b, 1);
    const ids = forgottenNodes();
    expect([ids.length, ids.includes('a'), ids.includes('b')]).toEqual([500, false, false]);
  });

  test('nothing of a node that was never picked', () => {
    const { picker } = setUp();
    picker.report(a, { elapsedMs: 60_000 });
    expect(shareOf(a, picker)).toBeCloseTo(0.5, 1);
  });
});

test.each([
  [{ decayMs: 99 }, 'p2cStrategy.decayMs is 99; it must be a whole number from 100 to 600000'],
  [{ decayMs: 600_001 }, 'p2cStrategy.decayMs is 600001; it must be a whole number from 100 to 600000'],
  [{ failurePenaltyMs: 0 }, 'p2cStrategy.failurePenaltyMs is 0; it must be a whole number from 1 to 60000'],
  [{ failurePenaltyMs: 60_001 }, 'p2cStrategy.failurePenaltyMs is 60001; it must be a whole number from 1 to 60000'],
])('%j is refused by name and range', (options, rawMessage) => {
  expect(() => p2cStrategy(options)).toThrow(expect.objectContaining({ code: 'InvalidArgument', rawMessage }));
});

test('the clock is not asked again where the report says when the call ended', () => {
  const { clock, picker } = setUp({ decayMs: 10_000 });
  call(picker, a, 100);
  picker.pick([a], undefined);
  const now = vi.spyOn(clock, 'now');
  picker.report(a, { elapsedMs: 1, endedAt: 5_000 });
  expect(now).not.toHaveBeenCalled();
  // Half a decay time without a sample: the old average counts for less than two thirds.
  now.mockReturnValue(5_000);
  call(picker, b, 60);
  expect(shareOf(a, picker)).toBeCloseTo(0.5, 1);
});
