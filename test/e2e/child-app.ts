import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually, within } from '@tenon/conformance';

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One of the scripts beside this file, run from its sources in a process of its own. */
export class ChildApp implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;
  #output = '';
  #errors = '';

  /** @param environment - the `TENON_…` variables that it gets; those of this process stay here. */
  constructor(script: string, parameters: readonly string[] = [], environment: Readonly<Record<string, string>> = {}) {
    const file = fileURLToPath(new URL(script, import.meta.url));
    // The one that includes tests, and says that decorators are to be compiled with their metadata.
    const TS_NODE_PROJECT = fileURLToPath(new URL('../../tsconfig.test.json', import.meta.url));
    const from = ['--import', '@oxc-node/core/register', '-C', '@tenon/source'];
    const inherited = Object.entries(process.env).filter(([name]) => !/^(?:TENON_|VITEST|NODE_)/.test(name));
    this.#child = spawn(process.execPath, [...from, file, ...parameters], {
      env: { ...Object.fromEntries(inherited), TS_NODE_PROJECT, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString();
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
    this.#ended = once(this.#child, 'close').then(([code, signal]) => ({ code, signal }));
  }

  /** What it wrote to standard output so far, by lines. */
  get lines(): readonly string[] {
    return this.#output.split('\n').filter((line) => line !== '');
  }

  /** What it wrote to standard error so far. */
  get errors(): string {
    return this.#errors;
  }

  /** Waits for a line that matches. Fails with all that it said when the process ends before, or time is over. */
  async line(pattern: RegExp, withinMs = 30_000): Promise<string> {
    return eventually(
      () => {
        const found = this.lines.find((line) => pattern.test(line));
        if (found === undefined) throw new Error(`no line matches ${pattern} in:\n${this.#output}\n${this.#errors}`);
        return found;
      },
      { withinMs },
    );
  }

  /** Waits for the process to end by itself. */
  ended(withinMs: number): Promise<Ended> {
    return within(
      this.#ended,
      withinMs,
      `the end of the process, which said\n${this.#output}\n${this.#errors}\nand it`,
    );
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
