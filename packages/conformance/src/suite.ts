import assert from 'node:assert/strict';
import { LeakCheck, type ToleratedResource } from './leak-check.js';
import type { Runner } from './runner.js';

/** What one case works on: a fresh, isolated instance of what is tested, and whatever the seam's suite needs beside it. */
export interface Fixture {
  /** Closes everything that the fixture made; called once, also after a failure. */
  dispose(): Promise<void>;
}

/** Makes the fixtures. Shared servers are started before the suite: what `create` opens, `dispose` must close. */
export interface FixtureFactory<F extends Fixture> {
  create(): Promise<F> | F;
}

/** What a case may wait for. */
export interface CaseLimits {
  /** The bound of one wait, in milliseconds. */
  readonly patienceMs: number;
}

/** One promise of a seam, as a test that any runner can run. */
export interface ConformanceCase<F extends Fixture> {
  /** A plain sentence, unique within the suite. */
  readonly name: string;
  run(fixture: F, limits: CaseLimits): Promise<void>;
}

/** A case that a provider does not pass yet. It still runs, and must fail: there is no other way to leave one out. */
export interface KnownFailure {
  /** The case's name. One that matches no case fails the suite. */
  readonly case: string;
  readonly reason: string;
  /** Where the mending is followed. */
  readonly issue: string;
}

/** How a suite is run. All fields are optional. */
export interface SuiteOptions {
  /** Default none. */
  readonly knownFailing?: readonly KnownFailure[] | undefined;
  /** The bound of one wait, in milliseconds. Default 10,000: a wait by condition that passes takes as long as it needs. */
  readonly patienceMs?: number | undefined;
  /** Resources that may outlive a case. Default none. */
  readonly tolerated?: readonly ToleratedResource[] | undefined;
}

/** Hands all cases of a suite to a runner, under one title. */
export function runSuite<F extends Fixture>(
  runner: Runner,
  title: string,
  cases: readonly ConformanceCase<F>[],
  fixtures: FixtureFactory<F>,
  options: SuiteOptions = {},
): void {
  const known = new Map((options.knownFailing ?? []).map((failure) => [failure.case, failure]));
  runner.describe(title, () => {
    for (const one of cases) {
      const failure = known.get(one.name);
      if (failure === undefined) runner.it(one.name, () => runCase(one, fixtures, options));
      else runner.it(`${one.name} [known failing: ${failure.reason}]`, () => mustFail(one, failure, fixtures, options));
      known.delete(one.name);
    }
    for (const name of known.keys()) {
      runner.it(`the known failure "${name}" names a case`, () => {
        assert.fail(`no case of this suite is named "${name}": correct or remove the entry of knownFailing`);
      });
    }
  });
}

/** Runs one case on a fresh fixture, disposes of it, and checks that nothing stays open. Rejects where any of it fails. */
export async function runCase<F extends Fixture>(
  one: ConformanceCase<F>,
  fixtures: FixtureFactory<F>,
  options: SuiteOptions = {},
): Promise<void> {
  const failures = await failuresOf(one, fixtures, options);
  if (failures.length > 1) throw new AggregateError(failures, failures.map(String).join('\nand: '));
  if (failures.length === 1) throw failures[0];
}

/** A failing `create` is never a known failure: it rejects here too. */
async function mustFail<F extends Fixture>(
  one: ConformanceCase<F>,
  known: KnownFailure,
  fixtures: FixtureFactory<F>,
  options: SuiteOptions,
): Promise<void> {
  const failures = await failuresOf(one, fixtures, options);
  assert.ok(failures.length > 0, `"${one.name}" passes: remove its entry of knownFailing, and close ${known.issue}`);
}

async function failuresOf<F extends Fixture>(
  one: ConformanceCase<F>,
  fixtures: FixtureFactory<F>,
  options: SuiteOptions,
): Promise<readonly unknown[]> {
  const patienceMs = options.patienceMs ?? defaultPatienceMs;
  const check = new LeakCheck(options.tolerated);
  try {
    const failures: unknown[] = [];
    const keep = (failure: unknown): void => {
      failures.push(failure);
    };
    const fixture = await check.run(async () => fixtures.create());
    await check.run(async () => one.run(fixture, { patienceMs })).catch(keep);
    await check.run(async () => fixture.dispose()).catch(keep);
    // After a failure, what stays open is its consequence and would only hide it.
    if (failures.length === 0) await assertNoLeaks(check, patienceMs).catch(keep);
    return failures;
  } finally {
    check.stop();
  }
}

async function assertNoLeaks(check: LeakCheck, withinMs: number): Promise<void> {
  const leaks = await check.leaks(withinMs);
  const list = leaks.map(({ type, stack }) => `${type}, ${stack.replace(/^Error: /, '')}`).join('\n');
  assert.ok(leaks.length === 0, `${leaks.length} resources stayed open after dispose:\n${list}`);
}

const defaultPatienceMs = 10_000;
