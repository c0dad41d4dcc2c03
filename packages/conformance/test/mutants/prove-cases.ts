import assert from 'node:assert/strict';
import { type ConformanceCase, type Fixture, type FixtureFactory, runCase } from '@tenon/conformance';
import { describe, expect, it } from 'vitest';

/** A broken provider, and the case that must notice. */
export interface Mutant<F extends Fixture> {
  /** The name of the case that must fail on it. */
  readonly caughtBy: string;
  /** What is broken, as a sentence. */
  readonly fault: string;
  readonly fixtures: FixtureFactory<F>;
}

/** How the proof is run. */
export interface ProveOptions {
  /** For cases that compute more than they wait: side by side each would only take the others' time. Default false. */
  readonly goodOneByOne?: boolean;
}

/** Shows that each case passes on a good provider, and that each fails on at least one broken one. */
export function proveCases<F extends Fixture>(
  seam: string,
  cases: readonly ConformanceCase<F>[],
  good: FixtureFactory<F>,
  mutants: readonly Mutant<F>[],
  options: ProveOptions = {},
): void {
  describe(`the ${seam} suite`, () => {
    it('names each case once', () => {
      const names = cases.map(({ name }) => name);
      expect(names).toEqual([...new Set(names)]);
    });

    it('has a mutant for each case, and a case for each mutant', () => {
      const names = cases.map(({ name }) => name);
      const caught = new Set(mutants.map(({ caughtBy }) => caughtBy));
      expect([...caught].sort()).toEqual([...names].sort());
    });
  });

  const describeGood = options.goodOneByOne === true ? describe : describe.concurrent;
  describeGood(`a good ${seam}`, () => {
    for (const one of cases) it(`passes: ${one.name}`, () => runCase(one, good));
  });

  describe.concurrent(`a broken ${seam}`, () => {
    for (const { caughtBy, fault, fixtures } of mutants) {
      it(
        `${fault} → fails: ${caughtBy}`,
        async () => {
          const one = cases.find(({ name }) => name === caughtBy);
          assert.ok(one !== undefined, `no case is named "${caughtBy}"`);
          const failure = await runCase(one, fixtures, { patienceMs: mutantPatienceMs }).then(
            () => assert.fail(`"${caughtBy}" passes although ${fault}`),
            (thrown: unknown) => thrown,
          );
          expect(failure).toBeInstanceOf(Error);
        },
        mutantTimeoutMs,
      );
    }
  });
}

/** Short, because a mutant that is caught by a wait uses all of it. */
const mutantPatienceMs = 400;

/** Long, because hundreds of them share a machine that may be busy; each wait in them is bounded by the patience. */
const mutantTimeoutMs = 120_000;
