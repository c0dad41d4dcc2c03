import { freePort } from '../../../chaos/lab/free-port.js';
import type { Machine } from '../../harness/machine.js';
import { ServerProgram } from '../../harness/server-program.js';

/** A Consul agent that is a cluster of one, in memory. */
export class ConsulAgent implements AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly #running: ServerProgram;

  private constructor(endpoint: string, running: ServerProgram) {
    this.endpoint = endpoint;
    this.#running = running;
  }

  /** Of the program that `CONSUL_AGENT` names, else of one that is built here, which takes minutes. */
  static async started(machine: Machine): Promise<ConsulAgent> {
    const program = process.env['CONSUL_AGENT'] ?? (await machine.go(sources, 'github.com/hashicorp/consul'));
    const [http, server, lan, wan] = [await freePort(), await freePort(), await freePort(), await freePort()];
    const ports = { http, server, serf_lan: lan, serf_wan: wan, dns: -1, grpc: -1 };
    const place = ['-bind', '127.0.0.1', '-client', '127.0.0.1', '-node', 'interop'];
    const args = ['agent', '-dev', ...place, '-hcl', JSON.stringify({ ports }), '-log-level', 'err'];
    const endpoint = `127.0.0.1:${http}`;
    const running = await ServerProgram.started(program, args, () => leads(endpoint), { limitMs: 60_000 });
    return new ConsulAgent(endpoint, running);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#running[Symbol.asyncDispose]();
  }
}

/** Where its go.mod is. */
const sources = 'packages/registry-consul/test/agent';

async function leads(endpoint: string): Promise<boolean> {
  try {
    const read = await fetch(`http://${endpoint}/v1/catalog/services?consistent`, {
      signal: AbortSignal.timeout(5_000),
    });
    await read.text();
    return read.ok;
  } catch {
    return false;
  }
}
