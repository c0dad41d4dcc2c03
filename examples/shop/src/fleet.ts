import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type App, Registry } from 'tenon';
import type { Step } from './narrator.js';

/** The processes of a cluster: services and the servers they need, all ended when it is disposed of. */
export class Fleet implements AsyncDisposable {
  readonly #children = new Set<ChildProcess>();
  readonly #cleanups: (() => void)[] = [];

  constructor(private readonly tell: (step: Step, teller: ChildProcess) => void) {
    // However this process ends, its children end with it.
    process.once('exit', () => {
      for (const child of this.#children) child.kill('SIGKILL');
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  }

  /** Starts one service in a process like this one. */
  startService(service: string, environment: Readonly<Record<string, string>>): ChildProcess {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const script = fileURLToPath(new URL(`./node.${extension}`, import.meta.url));
    const child = this.start(process.execPath, [...process.execArgv, script, service], environment);
    if (child.stdout !== null)
      createInterface(child.stdout).on('line', (line) => this.tell(JSON.parse(line) as Step, child));
    return child;
  }

  /** Starts any program. */
  start(
    command: string,
    parameters: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    quiet = false,
  ): ChildProcess {
    const child = spawn(command, parameters, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', quiet ? 'ignore' : 'pipe', quiet ? 'ignore' : 'inherit'],
    });
    child.on('error', (error) => console.error(`${command} could not be started: ${error.message}`));
    child.on('exit', () => this.#children.delete(child));
    this.#children.add(child);
    return child;
  }

  /** Something to do when everything has ended, such as removing a directory. */
  afterwards(cleanup: () => void): void {
    this.#cleanups.push(cleanup);
  }

  /** How many nodes each service of the shop has, as the registry knows: `mails 2, orders 1`. */
  async registered(app: App): Promise<string> {
    const registry = app.get(Registry);
    // The HTTP broker keeps its subscribers there, too.
    const names = (await registry.list()).filter((name) => shopServices.includes(name));
    const counts = await Promise.all(
      names.map(
        async (name) =>
          `${name} ${(await registry.lookup(name)).reduce((sum, record) => sum + record.nodes.length, 0)}`,
      ),
    );
    return counts.join(', ');
  }

  /** Ends the newest first: services before the servers that they need. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of [...this.#children].reverse()) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(force);
    }
    for (const cleanup of this.#cleanups) cleanup();
  }
}

const shopServices: readonly string[] = ['mails', 'orders', 'payments'];
