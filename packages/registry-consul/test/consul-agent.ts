import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePorts, pauseProcess } from '@tenon/conformance';

/** A real agent, a server and its own cluster, on ports of this machine that it keeps; its data outlives a restart. */
export class ConsulAgent {
  readonly port: number;
  readonly version: string;
  readonly #program: string;
  readonly #ports: readonly number[];
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(program: string, version: string, ports: readonly number[], folder: string) {
    this.#program = program;
    this.version = version;
    this.#ports = ports;
    this.port = ports[0] as number;
    this.#folder = folder;
  }

  /** @param program - the path of `consul` */
  static async start(program: string): Promise<ConsulAgent> {
    const version = await versionOf(program);
    const agent = new ConsulAgent(program, version, await freePorts(4), await mkdtemp(join(tmpdir(), 'tenon-consul-')));
    await agent.restart().catch(async (failure: unknown) => {
      await agent.dispose();
      throw failure;
    });
    return agent;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Starts it where it does not run, and resolves when it has a leader. */
  async restart(): Promise<void> {
    if (this.#child === undefined) {
      const [http, server, lan, wan] = this.#ports;
      const ports = { http, server, serf_lan: lan, serf_wan: wan, dns: -1, grpc: -1 };
      const settings = JSON.stringify({ ports, performance: { raft_multiplier: 1 } });
      const address = ['-bind', '127.0.0.1', '-client', '127.0.0.1'];
      const cluster = ['-server', '-bootstrap-expect', '1', '-data-dir', this.#dataFolder, '-node', 'test'];
      const args = ['agent', ...cluster, ...address, '-hcl', settings, '-log-level', 'err'];
      const child = spawn(this.#program, args, { stdio: 'ignore' });
      const killed = (): void => void child.kill('SIGKILL');
      process.once('exit', killed);
      child.once('exit', () => process.off('exit', killed));
      this.#child = child;
    }
    await eventually(() => this.#lead(), { withinMs: 30_000, everyMs: 100 });
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
  async wipe(): Promise<void> {
    await rm(this.#dataFolder, { recursive: true, force: true });
  }

  async clear(): Promise<void> {
    const services = (await this.#ask('GET', '/v1/agent/services')) as Readonly<Record<string, unknown>>;
    for (const id of Object.keys(services)) {
      await this.#ask('PUT', `/v1/agent/service/deregister/${encodeURIComponent(id)}`);
    }
  }

  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #dataFolder(): string {
    return join(this.#folder, 'data');
  }

  /** A leader that can be read from and written to. */
  async #lead(): Promise<void> {
    const leader = await this.#ask('GET', '/v1/status/leader');
    if (leader === '') throw new Error('the agent has no leader yet');
    await this.#ask('GET', '/v1/catalog/services?consistent');
    await this.#ask('GET', '/v1/agent/services');
  }

  async #ask(method: string, path: string): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      signal: AbortSignal.timeout(5_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the agent answers ${response.status} to ${path}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}

async function versionOf(program: string): Promise<string> {
  const child = spawn(program, ['version'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await once(child, 'close');
  return /v[\d.]+\S*/.exec(said)?.[0] ?? 'unknown';
}
