import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pauseProcess } from '@tenon/conformance';

/** What the process of the double is asked, one after the other. */
export type DoubleQuestion = 'kill' | 'restart' | 'clear' | 'watches';

/**
 * A {@link ConsulDouble} in a process of its own, so that it can be frozen. What a real agent has on disk, the double has in memory: killed, it
 * ends its connections and listens no more, and its process stays.
 */
export class DoubleProcess {
  /** `127.0.0.1:<port>`, the same after each restart. */
  readonly endpoint: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, endpoint: string) {
    this.#child = child;
    this.endpoint = endpoint;
  }

  static async start(): Promise<DoubleProcess> {
    const isSource = import.meta.url.endsWith('.ts');
    const program = fileURLToPath(new URL(`double-program.${isSource ? 'ts' : 'js'}`, import.meta.url));
    const execArgv = isSource ? ['--import', '@oxc-node/core/register'] : [];
    const child = fork(program, { execArgv });
    const killed = (): void => void child.kill('SIGKILL');
    process.once('exit', killed);
    child.once('exit', () => process.off('exit', killed));
    return new DoubleProcess(child, String(await answerOf(child)));
  }

  async kill(): Promise<void> {
    await this.#ask('kill');
  }

  async restart(): Promise<void> {
    await this.#ask('restart');
  }

  async clear(): Promise<void> {
    await this.#ask('clear');
  }

  async watches(): Promise<number> {
    return Number(await this.#ask('watches'));
  }

  /** Freezes it (SIGSTOP): connections stay open and nothing answers. */
  pause(): void {
    pauseProcess(this.#child);
  }

  /** Lets it go on (SIGCONT). */
  resume(): void {
    this.#child.kill('SIGCONT');
  }

  async dispose(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  #ask(question: DoubleQuestion): Promise<unknown> {
    const answer = answerOf(this.#child);
    this.#child.send(question);
    return answer;
  }
}

/** The next message of the child. Rejects where it ends first. */
async function answerOf(child: ChildProcess): Promise<unknown> {
  const stop = new AbortController();
  const { signal } = stop;
  const ended = once(child, 'exit', { signal }).then(() => Promise.reject(new Error('the double has ended')));
  const answered = once(child, 'message', { signal }).then(([message]) => message as unknown);
  try {
    return await Promise.race([answered, ended]);
  } finally {
    stop.abort();
    await Promise.allSettled([answered, ended]);
  }
}
