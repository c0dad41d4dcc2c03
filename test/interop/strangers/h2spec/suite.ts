import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ran } from '../../harness/program.js';

/** A server under test. */
export interface Target {
  readonly port: number;
  readonly tls: boolean;
  readonly path?: string;
}

export type Outcome = 'passed' | 'failed' | 'skipped';

/** How each case came out, by its section and title. */
export type Outcomes = ReadonlyMap<string, Outcome>;

/**
 * Runs the suite, or one section of it (`generic/5.1`). A case in which the server is silent ends after a second.
 *
 * @throws where h2spec itself breaks
 */
export async function runH2spec(
  program: string,
  { port, tls, path = '/' }: Target,
  section?: string,
): Promise<Outcomes> {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-h2spec-'));
  const report = join(folder, 'report.xml');
  const target = ['-h', '127.0.0.1', '-p', String(port), '-P', path, ...(tls ? ['-t', '-k'] : [])];
  const args = [...target, '-o', '1', '-j', report, ...(section === undefined ? [] : [section])];
  try {
    const { code, said, complained } = await ran(program, args, { limitMs: suiteLimitMs });
    // It ends with 1 where a case failed.
    if (code !== 0 && code !== 1) throw new Error(`h2spec broke: ${said}${complained}`);
    return outcomesIn(readFileSync(report, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The cases of a JUnit report. */
export function outcomesIn(report: string): Outcomes {
  const cases = report.matchAll(
    /<testcase package="([^"]*)" classname="([^"]*)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g,
  );
  return new Map(
    [...cases].map(([, section, title, inside = '']) => {
      const outcome = /<(?:failure|error)\b/.test(inside) ? 'failed' : /<skipped\b/.test(inside) ? 'skipped' : 'passed';
      return [`${section} ${title}`, outcome];
    }),
  );
}

/** 146 cases, each of which has a second; bare Node needs six seconds in all. */
const suiteLimitMs = 180_000;
