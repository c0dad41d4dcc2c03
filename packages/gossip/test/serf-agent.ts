import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { eventually } from './eventually.js';

/** One line of `serf members`. */
export interface SerfMember {
  readonly name: string;
  readonly addr: string;
  readonly status: string;
}

/** How an agent is started. */
export interface SerfOptions {
  readonly name: string;
  readonly key?: Buffer;
  readonly join?: string;
  readonly profile?: 'lan' | 'local';
}

/** A real serf agent (Debian's package `serf`), on loopback ports of its own. */
export class SerfAgent {
  readonly address: string;
  readonly #rpcAddress: string;
  readonly #process: ChildProcess;
  #log = '';

  private constructor(process: ChildProcess, address: string, rpcAddress: string) {
    this.#process = process;
    this.address = address;
    this.#rpcAddress = rpcAddress;
    for (const stream of [process.stdout, process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#log += chunk.toString();
      });
    }
  }

  static async start({ name, key, join, profile = 'lan' }: SerfOptions): Promise<SerfAgent> {
    const address = `127.0.0.1:${await freePort()}`;
    const rpcAddress = `127.0.0.1:${await freePort()}`;
    const args = [
      ...['agent', `-node=${name}`, `-bind=${address}`, `-rpc-addr=${rpcAddress}`],
      ...[`-profile=${profile}`, '-log-level=debug'],
      ...(key === undefined ? [] : [`-encrypt=${key.toString('base64')}`]),
      ...(join === undefined ? [] : [`-join=${join}`]),
    ];
    const child = spawn('serf', args, { stdio: ['ignore', 'pipe', 'pipe'], env: serverEnvironment() });
    const agent = new SerfAgent(child, address, rpcAddress);
    await eventually(async () => void (await agent.members()), { withinMs: 10_000, everyMs: 100 });
    return agent;
  }

  /** All that it said so far. */
  get log(): string {
    return this.#log;
  }

  async members(): Promise<readonly SerfMember[]> {
    const answer = JSON.parse(await this.#run('members', '-format=json')) as {
      readonly members: readonly SerfMember[];
    };
    return answer.members;
  }

  /** The status of everybody that it knows, by name. */
  async statuses(): Promise<Readonly<Record<string, string>>> {
    return Object.fromEntries((await this.members()).map(({ name, status }) => [name, status]));
  }

  async join(address: string): Promise<void> {
    await this.#run('join', address);
  }

  /** Installs, uses or removes a key in the whole cluster that it sees. */
  async keys(action: 'install' | 'use' | 'remove', key: Buffer): Promise<void> {
    await this.#run('keys', `-${action}=${key.toString('base64')}`);
  }

  async leave(): Promise<void> {
    await this.#run('leave');
    await this.#exited();
  }

  /** As a machine dies: nothing is said. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited();
  }

  async #run(command: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('serf', [command, `-rpc-addr=${this.#rpcAddress}`, ...args], {
      env: serverEnvironment(),
    });
    return stdout;
  }

  async #exited(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, 'exit');
  }
}

/** Debian puts servers where not everybody looks. */
function serverEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}
