import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** A nats-server of our own, on a loopback port that it chooses itself, pinned to nothing. */
export class NatsServer {
  readonly #kill = (): boolean => this.child.kill('SIGKILL');

  private constructor(
    readonly address: string,
    private readonly child: ChildProcess,
    private readonly store: string | undefined,
  ) {
    process.once('exit', this.#kill);
  }

  /** The version of the one that the machine has; undefined where it has none. */
  static version(): string | undefined {
    const { status, stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8', env });
    return status === 0 ? stdout.trim().replace(/^nats-server: v?/, '') : undefined;
  }

  /** @param jetStream - with JetStream, in files that are gone with it. */
  static async start(jetStream = false): Promise<NatsServer> {
    const folder = mkdtempSync(join(tmpdir(), 'tenon-bench-nats-'));
    const store = jetStream ? mkdtempSync(join(tmpdir(), 'tenon-bench-nats-')) : undefined;
    const streams = store === undefined ? [] : ['-js', '-sd', store];
    const child = spawn(binary, ['-a', '127.0.0.1', '-p', '-1', '--ports_file_dir', folder, ...streams], {
      stdio: 'ignore',
      env,
    });
    try {
      for (const end = performance.now() + patienceMs; performance.now() < end; await wait(10)) {
        const file = readdirSync(folder).find((name) => name.endsWith('.ports'));
        const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8');
        const port = /"nats:\/\/[^"]*:(\d+)"/.exec(text)?.[1];
        if (port !== undefined) return new NatsServer(`nats://127.0.0.1:${port}`, child, store);
        if (child.exitCode !== null) break;
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    child.kill('SIGKILL');
    throw new Error(`nats-server was not ready within ${patienceMs} ms`);
  }

  /** CPU time so far in microseconds, in steps of the kernel's clock tick; undefined where /proc does not tell. */
  get cpuMicros(): number | undefined {
    try {
      // The fields after the command, which may hold spaces itself: utime and stime are the 14th and 15th of all.
      const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return (Number(fields[11]) + Number(fields[12])) * (1e6 / ticksPerSecond);
    } catch {
      return undefined;
    }
  }

  async stop(): Promise<void> {
    process.off('exit', this.#kill);
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGKILL');
      await ended;
    }
    if (this.store !== undefined) rmSync(this.store, { recursive: true, force: true });
  }
}

const binary = 'nats-server';
/** Debian's is in /usr/sbin, which is not on everyone's PATH. */
const env = { ...process.env, PATH: `${process.env.PATH}${delimiter}/usr/sbin` };
const patienceMs = 10_000;
/** USER_HZ, which Linux has fixed at 100 for user space. */
const ticksPerSecond = 100;
