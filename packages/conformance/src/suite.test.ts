import assert from 'node:assert/strict';
import { expect, it } from 'vitest';
import type { Runner } from './runner.js';
import { type ConformanceCase, type Fixture, runCase, runSuite } from './suite.js';

interface Counter extends Fixture {
  readonly log: string[];
}

/** A runner that keeps what it is handed, to be run by the tests. */
function recorder(): Runner & { readonly tests: Map<string, () => Promise<void> | void> } {
  const tests = new Map<string, () => Promise<void> | void>();
  return { tests, describe: (_, body) => body(), it: (name, body) => void tests.set(name, body) };
}

function fixtures(log: string[] = []) {
  return {
    create: (): Counter => {
      log.push('create');
      return { log, dispose: async () => void log.push('dispose') };
    },
  };
}

const passing: ConformanceCase<Counter> = { name: 'passes', run: async ({ log }) => void log.push('run') };
const failing: ConformanceCase<Counter> = { name: 'fails', run: async () => assert.fail('the case failed') };

it('runs each case on a fixture of its own and disposes of it', async () => {
  const log: string[] = [];
  const runner = recorder();
  runSuite(runner, 'suite', [passing, { ...passing, name: 'passes too' }], fixtures(log));
  for (const test of runner.tests.values()) await test();
  expect([...runner.tests.keys()]).toEqual(['passes', 'passes too']);
  expect(log).toEqual(['create', 'run', 'dispose', 'create', 'run', 'dispose']);
});

it('disposes of the fixture of a failed case and rejects with its failure', async () => {
  const log: string[] = [];
  await expect(runCase(failing, fixtures(log))).rejects.toThrow('the case failed');
  expect(log).toEqual(['create', 'dispose']);
});

it('fails a case that throws before its first await, and one whose fixture cannot be disposed of', async () => {
  const throwing: ConformanceCase<Counter> = {
    name: 'throws',
    run: () => {
      throw new Error('thrown at once');
    },
  };
  await expect(runCase(throwing, fixtures())).rejects.toThrow('thrown at once');
  const stuck = { create: () => ({ log: [], dispose: () => Promise.reject(new Error('not disposed of')) }) };
  await expect(runCase(passing, stuck)).rejects.toThrow('not disposed of');
  await expect(runCase(failing, stuck)).rejects.toThrow(/the case failed[\s\S]*not disposed of/);
});

it('fails a case that leaves a timer behind, and says where it was made', async () => {
  const leaking: ConformanceCase<Counter> = {
    name: 'leaks',
    run: async () => {
      setInterval(() => {}, 60_000).unref();
    },
  };
  await expect(runCase(leaking, fixtures(), { patienceMs: 30 })).rejects.toThrow(/Timeout[\s\S]*suite\.test\.ts/);
  const tolerated = [{ createdBy: 'suite.test.ts', reason: 'a test of the toleration' }];
  await runCase(leaking, fixtures(), { patienceMs: 30, tolerated });
});

it('hands the patience to the case, ten seconds by default', async () => {
  const seen: number[] = [];
  const asking: ConformanceCase<Counter> = {
    name: 'asks',
    run: async (_, limits) => void seen.push(limits.patienceMs),
  };
  await runCase(asking, fixtures());
  await runCase(asking, fixtures(), { patienceMs: 250 });
  expect(seen).toEqual([10_000, 250]);
});

it('runs a known failure and passes while it fails', async () => {
  const log: string[] = [];
  const runner = recorder();
  const knownFailing = [{ case: 'fails', reason: 'not built yet', issue: '#7' }];
  runSuite(runner, 'suite', [failing], fixtures(log), { knownFailing });
  expect([...runner.tests.keys()]).toEqual(['fails [known failing: not built yet]']);
  for (const test of runner.tests.values()) await test();
  expect(log).toEqual(['create', 'dispose']);
});

it('fails a known failure that passes', async () => {
  const runner = recorder();
  runSuite(runner, 'suite', [passing], fixtures(), {
    knownFailing: [{ case: 'passes', reason: 'was broken', issue: '#7' }],
  });
  const [test] = runner.tests.values();
  await expect(test?.()).rejects.toThrow(/"passes" passes: remove its entry of knownFailing, and close #7/);
});

it('fails a known failure whose fixture cannot be made', async () => {
  const runner = recorder();
  const broken = { create: (): Promise<Counter> => Promise.reject(new Error('no server')) };
  runSuite(runner, 'suite', [failing], broken, { knownFailing: [{ case: 'fails', reason: 'known', issue: '#7' }] });
  const [test] = runner.tests.values();
  await expect(test?.()).rejects.toThrow('no server');
});

it('fails a known failure that names no case', async () => {
  const runner = recorder();
  runSuite(runner, 'suite', [passing], fixtures(), { knownFailing: [{ case: 'pases', reason: 'typo', issue: '#7' }] });
  await expect(async () => runner.tests.get('the known failure "pases" names a case')?.()).rejects.toThrow(
    'no case of this suite is named "pases"',
  );
});
