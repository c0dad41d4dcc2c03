import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts, pauseProcess } from '@tenon/conformance';

/** How a test server is started. */
export interface EtcdServerOptions {
  /** Serves clients over TLS, and asks for their certificate. PEM files. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  /** Arguments added to etcd's. Default none. */
  readonly arguments?: readonly string[];
  /** Bound for getting ready, in milliseconds. Default 15,000. */
  readonly readyWithinMs?: number;
}

/**
 * A real etcd of one member for tests: on random loopback ports, with a data directory of its own, and with the ways in
 * which it fails: killed, stopped, wiped, and back on the same ports. Depends on Node.js alone.
 */
export class EtcdServer {
  /** Where clients connect: `127.0.0.1:<port>`. The same after each restart. */
  readonly endpoint: string;
  readonly port: number;
  readonly #peerPort: number;
  /** Health is asked for here, without TLS. */
  readonly #healthPort: number;
  readonly #dataDir: string;
  readonly #options: EtcdServerOptions;
  #child: ChildProcess | undefined;
  #said = '';

  private constructor(ports: readonly number[], dataDir: string, options: EtcdServerOptions) {
    const [port = 0, peerPort = 0, healthPort = 0] = ports;
    this.port = port;
    this.endpoint = `127.0.0.1:${port}`;
    this.#peerPort = peerPort;
    this.#healthPort = healthPort;
    this.#dataDir = dataDir;
    this.#options = options;
  }

  /** Starts etcd and resolves when it serves. Rejects with what etcd said where it does not. */
  static async start(options: EtcdServerOptions = {}): Promise<EtcdServer> {
    const server = new EtcdServer(await freePorts(3), await mkdtemp(join(tmpdir(), 'etcd-test-')), options);
    try {
      await server.restart();
    } catch (error) {
      await server.dispose();
      throw error;
    }
    return server;
  }

  /** The process id, while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it again on the same ports with the data that there is, and resolves when it serves. */
  async restart(): Promise<void> {
    if (this.#child !== undefined) throw new Error('etcd runs already');
    const { tls } = this.#options;
    const client = `${tls === undefined ? 'http' : 'https'}://${this.endpoint}`;
    const health = `http://127.0.0.1:${this.#healthPort}`;
    const peer = `http://127.0.0.1:${this.#peerPort}`;
    const child = spawn(
      '/usr/bin/etcd',
      [
        ['--name', 'test', '--data-dir', join(this.#dataDir, 'data')],
        ['--listen-client-urls', client, '--advertise-client-urls', client],
        ['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `test=${peer}`],
        ['--listen-metrics-urls', health, '--log-level', 'warn', ...(this.#options.arguments ?? [])],
        tls === undefined ? [] : ['--cert-file', tls.cert, '--key-file', tls.key],
        tls === undefined ? [] : ['--client-cert-auth', '--trusted-ca-file', tls.ca],
      ].flat(),
      { stdio: ['ignore', 'ignore', 'pipe'], env: {} },
    );
    this.#said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-4_096);
    });
    child.on('error', (error) => {
      this.#said += String(error);
    });
    this.#child = child;
    await this.#ready(child);
  }

  /** Ends it as a power cut does (SIGKILL). The data stays. */
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

  /** Kills it, forgets its data and starts it again, empty. */
  async wipe(): Promise<void> {
    await this.kill();
    await this.clear();
    await this.restart();
  }

  /** Forgets the data, while it is down. */
  async clear(): Promise<void> {
    await rm(join(this.#dataDir, 'data'), { recursive: true, force: true });
  }

  /** How many watches it holds for its clients. */
  async watches(): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.#healthPort}/metrics`);
    return Number(/^etcd_debugging_mvcc_watcher_total (\d+)$/m.exec(await response.text())?.[1]);
  }

  /** Kills it and removes everything. */
  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.#dataDir, { recursive: true, force: true });
  }

  async #ready(child: ChildProcess): Promise<void> {
    const until = performance.now() + (this.#options.readyWithinMs ?? 15_000);
    while (!(await this.#isHealthy())) {
      const hasEnded = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
      if (hasEnded || performance.now() > until) {
        throw new Error(`etcd did not start (is etcd-server installed?): ${this.#said}`);
      }
      await delay(20);
    }
  }

  /** Healthy means that there is a leader, so that reads and writes work. */
  async #isHealthy(): Promise<boolean> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.#healthPort}/health`, {
        signal: AbortSignal.timeout(1_000),
      });
      return response.ok && JSON.stringify(await response.json()).includes('"true"');
    } catch {
      return false;
    }
  }
}

/** Ports that were free a moment ago, held together so that they differ. */
