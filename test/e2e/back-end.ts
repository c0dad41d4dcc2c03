import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePorts, pauseProcess } from '@tenon/conformance';

/**
 * A real etcd or nats-server with an address on this machine that it keeps for life, whether it runs or not: apps can be
 * told the address of a server that is not there yet.
 */
export class BackEnd implements AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  readonly #name: 'etcd' | 'nats-server';
  readonly #ports: readonly number[];
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #said = '';

  private constructor(name: 'etcd' | 'nats-server', ports: readonly number[], folder: string) {
    this.#name = name;
    this.#ports = ports;
    this.#folder = folder;
    this.address = `127.0.0.1:${ports[0]}`;
  }

  /** An address for it, and nothing that answers there yet. */
  static async absent(name: 'etcd' | 'nats-server'): Promise<BackEnd> {
    return new BackEnd(name, await freePorts(2), await mkdtemp(join(tmpdir(), `tenon-e2e-${name}-`)));
  }

  static async started(name: 'etcd' | 'nats-server'): Promise<BackEnd> {
    const backEnd = await BackEnd.absent(name);
    try {
      await backEnd.start();
      return backEnd;
    } catch (failure) {
      await backEnd.dispose();
      throw failure;
    }
  }

  /** The process, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Where its data is. */
  get dataFolder(): string {
    return join(this.#folder, 'data');
  }

  /** Starts it, with the data of its last run if there was one, and resolves when it serves. */
  async start(): Promise<void> {
    const [command, parameters] = this.#name === 'etcd' ? this.#etcd() : this.#nats();
    const child = spawn(command, parameters, { stdio: ['ignore', 'ignore', 'pipe'], env: {} });
    this.#child = child;
    this.#said = '';
    const killed = (): void => void child.kill('SIGKILL');
    process.once('exit', killed);
    child.once('exit', () => process.off('exit', killed));
    child.on('error', (error) => {
      this.#said += String(error);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-2_000);
    });
    await eventually(() => this.#ready(child), { withinMs: 20_000, everyMs: 20 });
  }

  /** Ends it as a power cut does. The data stays. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Freezes it (SIGSTOP): connections stay open and nothing answers. */
  pause(): void {
    pauseProcess(this.#child);
  }

  /** Lets it go on (SIGCONT). */
  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Forgets the data, while it is down. */
  async clear(): Promise<void> {
    await rm(this.dataFolder, { recursive: true, force: true });
  }

  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #etcd(): readonly [string, string[]] {
    const client = `http://${this.address}`;
    const peer = `http://127.0.0.1:${this.#ports[1]}`;
    return [
      '/usr/bin/etcd',
      [
        ['--name', 'e2e', '--data-dir', this.dataFolder, '--log-level', 'warn'],
        ['--listen-client-urls', client, '--advertise-client-urls', client],
        ['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `e2e=${peer}`],
      ].flat(),
    ];
  }

  #nats(): readonly [string, string[]] {
    return ['/usr/sbin/nats-server', ['-a', '127.0.0.1', '-p', String(this.#ports[0]), '-js', '-sd', this.dataFolder]];
  }

  async #ready(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      throw new Error(`${this.#name} did not start (is it installed?): ${this.#said}`);
    }
    if (this.#name === 'nats-server') return greeted(this.#ports[0] ?? 0);
    // Healthy means that there is a leader, so that reads and writes work.
    const response = await fetch(`http://${this.address}/health`, { signal: AbortSignal.timeout(1_000) });
    const text = await response.text();
    if (!text.includes('"true"')) throw new Error(`etcd says ${text}`);
  }
}

/** A NATS server speaks first. */
async function greeted(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'data');
  } finally {
    socket.destroy();
  }
}
