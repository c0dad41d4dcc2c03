import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../chaos/lab/free-port.js';
import type { Machine } from '../../harness/machine.js';
import { saidBy } from '../../harness/program.js';
import { ServerProgram } from '../../harness/server-program.js';

/** One node of a service as `/v1/catalog/service/NAME` shows it. */
export interface CatalogEntry {
  readonly ServiceID: string;
  readonly ServiceAddress: string;
  readonly ServicePort: number;
  readonly ServiceTags: readonly string[];
}

/** A Consul agent that is a cluster of one; its data outlives a restart. */
export class Agent implements AsyncDisposable {
  readonly endpoint: string;
  readonly #program: string;
  readonly #ports: readonly number[];
  readonly #folder = mkdtempSync(join(tmpdir(), 'tenon-interop-consul-'));
  #running: ServerProgram | undefined;

  private constructor(program: string, ports: readonly number[]) {
    this.#program = program;
    this.#ports = ports;
    this.endpoint = `127.0.0.1:${ports[0]}`;
  }

  /**
   * Of the program that `CONSUL_AGENT` names, else of one that is built here, which takes minutes.
   *
   * @param folder - where its go.mod is.
   */
  static async started(machine: Machine, folder: string): Promise<Agent> {
    const program = process.env['CONSUL_AGENT'] ?? (await machine.go(folder, 'github.com/hashicorp/consul'));
    const agent = new Agent(program, [await freePort(), await freePort(), await freePort(), await freePort()]);
    await agent.start();
    return agent;
  }

  /** Resolves when it has a leader. */
  async start(): Promise<void> {
    const [http, server, lan, wan] = this.#ports;
    const ports = { http, server, serf_lan: lan, serf_wan: wan, dns: -1, grpc: -1 };
    const settings = JSON.stringify({ ports, performance: { raft_multiplier: 1 } });
    const place = ['-bind', '127.0.0.1', '-client', '127.0.0.1', '-data-dir', join(this.#folder, 'data')];
    const cluster = ['-server', '-bootstrap-expect', '1', '-node', 'interop'];
    const args = ['agent', ...cluster, ...place, '-hcl', settings, '-log-level', 'err'];
    this.#running = await ServerProgram.started(this.#program, args, () => this.#leads(), { limitMs: 60_000 });
  }

  /** By SIGKILL. */
  async kill(): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
    this.#running = undefined;
  }

  /** Its own command line. */
  cli(...args: readonly string[]): Promise<string> {
    return saidBy(this.#program, args, { env: { CONSUL_HTTP_ADDR: this.endpoint } });
  }

  async ask<T>(path: string, method = 'GET'): Promise<T> {
    const response = await fetch(`http://${this.endpoint}/v1/${path}`, { method, signal: AbortSignal.timeout(5_000) });
    const text = await response.text();
    if (!response.ok) throw new Error(`the agent answers ${response.status} to ${path}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  entries(service: string): Promise<readonly CatalogEntry[]> {
    return this.ask(`catalog/service/${service}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #leads(): Promise<boolean> {
    try {
      await this.ask('catalog/services?consistent');
      return (await this.ask<string>('status/leader')) !== '';
    } catch {
      return false;
    }
  }
}
