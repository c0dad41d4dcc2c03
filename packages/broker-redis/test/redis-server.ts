import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, pauseProcess } from '@tenon/conformance';

/** A real redis-server on a loopback port of its own, with its files in a folder of its own. */
export class RedisServer {
  readonly address: string;
  readonly port: number;
  readonly #folder: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(folder: string, args: readonly string[], port: number) {
    this.#folder = folder;
    this.#args = args;
    this.port = port;
    this.address = `127.0.0.1:${port}`;
  }

  /**
   * Starts a server on a free port, and resolves when it answers.
   *
   * @param args - such as `['--requirepass', 'x']`. Each command is in its append-only file, which outlives a restart, before it is answered.
   */
  static async start(args: readonly string[] = []): Promise<RedisServer> {
    if (!existsSync(binary)) throw new Error(`${binary} is missing: apt-get install redis-server`);
    const folder = await mkdtemp(join(tmpdir(), 'tenon-redis-'));
    for (let attempt = 1; ; attempt++) {
      const server = new RedisServer(folder, args, await freePort());
      try {
        await server.restart();
        return server;
      } catch (failure) {
        // Somebody else may have been given the port meanwhile.
        await server.kill();
        if (attempt < 3) continue;
        await rm(folder, { recursive: true, force: true });
        throw failure;
      }
    }
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Ends the process at once, as a crash would. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  }

  /** Starts it again on the same port with the same files, after {@link kill}. */
  async restart(): Promise<void> {
    if (this.#child !== undefined) throw new Error('redis-server is still running');
    const fixed = ['--bind', '127.0.0.1', '--port', String(this.port), '--dir', this.#folder, '--save', ''];
    const kept = ['--appendonly', 'yes', '--appendfsync', 'always'];
    this.#child = spawn(binary, [...fixed, ...kept, ...this.#args], { stdio: 'ignore' });
    await answering(this.port, this.#child);
  }

  /** Freezes the process: connections stay, nothing is answered. */
  pause(): void {
    pauseProcess(this.#child);
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Kills it and removes its folder. Twice is fine. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  const end = performance.now() + patienceMs;
  while (performance.now() < end) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with exit code ${child.exitCode}`);
    if (await answers(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`redis-server was not ready within ${patienceMs} ms`);
}

/** Any answer but that it is still loading: that it wants a password too. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(!String(data).includes('LOADING'));
    });
    socket.once('error', () => resolve(false));
  });
}

const binary = '/usr/bin/redis-server';
const patienceMs = 10_000;
