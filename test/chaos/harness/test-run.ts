import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startsBehind } from '../lab/goes-first.js';

/** Tests of `npm test` that show what a row wants, in one file. */
export interface NamedTests {
  /** From the root: `packages/transport-tcp/test/hostile.test.ts`. */
  readonly file: string;
  /** Titles, without those of the groups around them. One that ends in `…` stands for all that begin so. */
  readonly titles: readonly string[];
}

/** One test as vitest reports it. */
interface Reported {
  readonly title: string;
  readonly status: string;
  readonly failureMessages?: readonly string[];
}

/**
 * The tests that rows of a run rest on, run together in one process when the first row asks, with the time that nobody else wants. A row
 * may rest on tests only where its bar needs no other process and no clock: what they found is the same on any machine.
 */
export class TestRun {
  readonly #wanted: readonly NamedTests[];
  #running: Promise<ReadonlyMap<string, readonly Reported[]>> | undefined;

  /** @param wanted - of all rows that are to run. */
  constructor(wanted: readonly NamedTests[]) {
    this.#wanted = wanted;
  }

  /** How many tests they are, once all have passed. Rejects where one has not, and where a title names none. */
  async passed(tests: readonly NamedTests[]): Promise<number> {
    this.#running ??= this.#run();
    return countPassed(tests, await this.#running);
  }

  async #run(): Promise<ReadonlyMap<string, readonly Reported[]>> {
    const folder = mkdtempSync(join(tmpdir(), 'tenon-chaos-tests-'));
    const report = join(folder, 'report.json');
    const files = [...new Set(this.#wanted.map(({ file }) => file))];
    const titles = this.#wanted.flatMap((tests) => tests.titles);
    const pattern = titles.map((title) => escaped(title.replace(/…$/, ''))).join('|');
    const program = fileURLToPath(new URL('node_modules/vitest/vitest.mjs', root));
    const parameters = [program, 'run', ...files, '-t', pattern, '--reporter=json', `--outputFile=${report}`];
    try {
      const said = await outputOf(parameters);
      return readReport(report, said);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

function outputOf(parameters: readonly string[]): Promise<string> {
  const options = { cwd: fileURLToPath(root), timeout: 600_000, maxBuffer: 64 * 1_024 * 1_024 };
  // A failed test makes vitest fail: which one it was stands in the report.
  const [command = process.execPath, ...rest] = [...startsBehind(), process.execPath, ...parameters];
  return new Promise((resolve) => {
    execFile(command, rest, options, (_failure, output, errors) => resolve(`${output}\n${errors}`));
  });
}

function readReport(file: string, said: string): ReadonlyMap<string, readonly Reported[]> {
  try {
    const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as {
      testResults: readonly { readonly name: string; readonly assertionResults: readonly Reported[] }[];
    };
    const at = fileURLToPath(root).length;
    return new Map(testResults.map(({ name, assertionResults }) => [name.slice(at), assertionResults]));
  } catch {
    throw new Error(`the tests left no report; vitest said: ${said.trim().slice(-1_000)}`);
  }
}

/** Exported for its test. */
export function countPassed(tests: readonly NamedTests[], reported: ReadonlyMap<string, readonly Reported[]>): number {
  let count = 0;
  for (const { file, titles } of tests) {
    const inFile = reported.get(file) ?? [];
    for (const wanted of titles) {
      const stem = wanted.endsWith('…') ? wanted.slice(0, -1) : undefined;
      const named = inFile.filter(({ title }) => (stem === undefined ? title === wanted : title.startsWith(stem)));
      if (named.length === 0) throw new Error(`${file} has no test ${JSON.stringify(wanted)}`);
      for (const { title, status, failureMessages = [] } of named) {
        if (status !== 'passed') throw new Error(`${file}: ${title}: ${status} ${failureMessages[0] ?? ''}`);
      }
      count += named.length;
    }
  }
  return count;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** This file runs from `test/chaos/dist/chaos/harness`. */
const root = new URL('../../../../../', import.meta.url);
