import { type ExecFileException, execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// h2spec, a suite of strangers for HTTP/2 servers (https://github.com/summerwind/h2spec), as the go.mod beside this file pins
// it, with everything that it is built from.

const here = dirname(fileURLToPath(import.meta.url));
const cache = join(here, '..', '..', '..', '.tmp', 'h2spec');

/** The program, built once; or why it cannot be had on this machine. */
export type H2spec = { readonly program: string } | { readonly missing: string };

/** Builds it where it has not been built. Wants `go` on the PATH, and the modules from a proxy or from Go's own cache. */
export async function buildH2spec(): Promise<H2spec> {
  mkdirSync(cache, { recursive: true });
  const program = join(cache, 'h2spec');
  // Neither another toolchain nor another version than the pinned ones is fetched. Go builds nothing anew without need.
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly' };
  const args = ['build', '-o', program, 'github.com/summerwind/h2spec/cmd/h2spec'];
  const { error, output } = await run('go', args, { env, timeoutMs: buildTimeoutMs });
  if (error === null) return { program };
  if (error.code === 'ENOENT') return { missing: 'go is not on the PATH' };
  const reason = error.killed ? `took longer than ${buildTimeoutMs} ms` : output.trim().split('\n').at(-1);
  return { missing: `go cannot build h2spec: ${reason}` };
}

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
 * @throws where h2spec itself breaks, or reports less than the suite has
 */
export async function runH2spec(
  program: string,
  { port, tls, path = '/' }: Target,
  section?: string,
): Promise<Outcomes> {
  const folder = mkdtempSync(join(cache, 'run-'));
  const report = join(folder, 'report.xml');
  const target = ['-h', '127.0.0.1', '-p', String(port), '-P', path, ...(tls ? ['-t', '-k'] : [])];
  const args = [...target, '-o', '1', '-j', report, ...(section === undefined ? [] : [section])];
  try {
    const { error, output } = await run(program, args, { env: process.env, timeoutMs: suiteTimeoutMs });
    // It ends with 1 where a case failed.
    if (error !== null && (error.killed || error.code !== 1)) {
      throw new Error(`h2spec broke: ${error.message}\n${output}`);
    }
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

interface Ended {
  readonly error: ExecFileException | null;
  readonly output: string;
}

function run(
  command: string,
  args: readonly string[],
  { env, timeoutMs }: { readonly env: NodeJS.ProcessEnv; readonly timeoutMs: number },
): Promise<Ended> {
  const options = { cwd: here, env, timeout: timeoutMs, killSignal: 'SIGKILL' as const, maxBuffer: 16 * 2 ** 20 };
  return new Promise((resolve) => {
    execFile(command, args, options, (error, stdout, stderr) => resolve({ error, output: stdout + stderr }));
  });
}

/** Downloading and compiling took 40 s on a slow machine. */
const buildTimeoutMs = 180_000;
/** 146 cases, each of which has a second; bare Node needs six seconds in all. */
const suiteTimeoutMs = 180_000;
