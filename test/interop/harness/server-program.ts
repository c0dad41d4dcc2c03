import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ProgramOptions } from './program.js';

/** A program that serves until it is stopped. It does not outlive this process. */
export class ServerProgram implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #name: string;
  #said = '';
  #failure: Error | undefined;

  private constructor(program: string, args: readonly string[], { cwd, env }: ProgramOptions) {
    this.#name = program;
    this.#child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    });
    const kill = (): void => void this.#child.kill('SIGKILL');
    process.once('exit', kill);
    this.#child.once('close', () => process.off('exit', kill));
    this.#child.once('error', (error) => {
      this.#failure = error;
    });
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      output?.setEncoding('utf8').on('data', (text: string) => {
        this.#said = (this.#said + text).slice(-keptCharacters);
      });
    }
  }

  /**
   * Starts a program and resolves when it serves.
   *
   * @param serves - asked again and again; resolving with true means that it does
   */
  static async started(
    program: string,
    args: readonly string[],
    serves: (said: string) => boolean | Promise<boolean>,
    options: ProgramOptions = {},
  ): Promise<ServerProgram> {
    const server = new ServerProgram(program, args, options);
    try {
      await server.#until(serves, options.limitMs ?? 20_000);
      return server;
    } catch (thrown) {
      await server[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  /** What it said last, on both outputs. */
  get said(): string {
    return this.#said;
  }

  /** Resolves when what it said fulfils a condition. */
  async says(condition: (said: string) => boolean, limitMs = 20_000): Promise<void> {
    await this.#until(condition, limitMs);
  }

  /** Ends it, at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  async #until(serves: (said: string) => boolean | Promise<boolean>, limitMs: number): Promise<void> {
    const end = performance.now() + limitMs;
    while (!(await serves(this.#said))) {
      if (this.#failure !== undefined) throw this.#failure;
      const ended = this.#child.exitCode ?? this.#child.signalCode;
      if (ended !== null) throw new Error(`${this.#name} ended with ${ended}: ${this.#said}`);
      if (performance.now() > end) {
        throw new Error(`${this.#name} was not ready within ${limitMs / 1_000} s: ${this.#said}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

const keptCharacters = 100_000;
