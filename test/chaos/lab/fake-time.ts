import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Commands under which a process sees another wall clock; its monotonic clock stays, as it does when a machine's time is set. By
 * the library of the package faketime, directly: its command would stand between us and the process's signals.
 */
export class FakeTime implements AsyncDisposable {
  readonly #library: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'tenon-chaos-'));
  readonly #timers: NodeJS.Timeout[] = [];

  constructor() {
    const { stdout, error } = spawnSync('faketime', ['-f', '+0', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' });
    if (error !== undefined || stdout.trim() === '') throw new Error(`faketime does not work: ${error}`);
    this.#library = stdout.trim();
  }

  /** @param offset - `+1h` */
  shifted(offset: string): readonly string[] {
    return this.#env(`FAKETIME=${offset}`);
  }

  /** Jumps so many seconds further each second, from now on. */
  stepping(seconds: number): readonly string[] {
    const file = join(this.#folder, `steps-${this.#timers.length}`);
    let offset = 0;
    const step = (): void => {
      writeFileSync(file, `${offset < 0 ? '' : '+'}${offset}\n`);
      offset += seconds;
    };
    step();
    this.#timers.push(setInterval(step, 1_000));
    return this.#env(`FAKETIME_TIMESTAMP_FILE=${file}`, 'FAKETIME_NO_CACHE=1');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #env(...variables: readonly string[]): readonly string[] {
    return ['env', `LD_PRELOAD=${this.#library}`, 'DONT_FAKE_MONOTONIC=1', ...variables];
  }
}
