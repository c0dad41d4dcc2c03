import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * Two machines on one cable: network namespaces with a pair of virtual interfaces between them. Wants root and iproute2; whoever makes
 * one removes it.
 */
export class TwoMachines {
  readonly here: Machine;
  readonly there: Machine;

  private constructor(here: Machine, there: Machine) {
    this.here = here;
    this.there = there;
  }

  static create(): TwoMachines {
    const tag = `${process.pid.toString(36)}${Math.floor(Math.random() * 1_296).toString(36)}`;
    const here = new Machine(`tenon-a${tag}`, `va${tag}`.slice(0, 15), '10.99.7.1');
    const there = new Machine(`tenon-b${tag}`, `vb${tag}`.slice(0, 15), '10.99.7.2');
    const two = new TwoMachines(here, there);
    try {
      for (const { namespace } of [here, there]) ip('netns', 'add', namespace);
      ip(
        'link',
        'add',
        here.device,
        'netns',
        here.namespace,
        'type',
        'veth',
        'peer',
        'name',
        there.device,
        'netns',
        there.namespace,
      );
      for (const machine of [here, there]) machine.setUp();
      return two;
    } catch (error) {
      two.remove();
      throw error;
    }
  }

  remove(): void {
    for (const machine of [this.here, this.there]) machine.remove();
  }
}

/** One of them. */
export class Machine {
  readonly namespace: string;
  readonly device: string;
  readonly address: string;
  readonly #children: Program[] = [];

  constructor(namespace: string, device: string, address: string) {
    this.namespace = namespace;
    this.device = device;
    this.address = address;
  }

  setUp(): void {
    this.ip('addr', 'add', `${this.address}/24`, 'dev', this.device);
    this.plug();
    this.ip('link', 'set', 'lo', 'up');
  }

  ip(...given: readonly string[]): void {
    ip('-n', this.namespace, ...given);
  }

  plug(): void {
    this.ip('link', 'set', this.device, 'up');
    this.ip('route', 'replace', '224.0.0.0/4', 'dev', this.device);
  }

  unplug(): void {
    this.ip('link', 'set', this.device, 'down');
  }

  start(command: string, given: readonly string[], environment: Readonly<Record<string, string>> = {}): Program {
    const program = new Program('ip', ['netns', 'exec', this.namespace, command, ...given], environment);
    this.#children.push(program);
    return program;
  }

  /** A process with a registry of ours, see `node-program.ts`. */
  registry(orders: object): Program {
    const program = fileURLToPath(new URL('node-program.ts', import.meta.url));
    const given = JSON.stringify({ interfaces: [this.device], ...orders });
    return this.start(process.execPath, [
      '--import',
      '@oxc-node/core/register',
      '--conditions',
      '@tenon/source',
      program,
      given,
    ]);
  }

  remove(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    try {
      ip('netns', 'del', this.namespace);
    } catch {
      // It was not made.
    }
  }
}

/** A process and the lines that it has written. */
export class Program {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  #rest = '';
  said = '';

  constructor(command: string, given: readonly string[], environment: Readonly<Record<string, string>>) {
    const env = { PATH: `${process.env['PATH']}:/usr/sbin`, ...environment };
    this.#child = spawn(command, given, { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      const parts = (this.#rest + chunk.toString()).split('\n');
      this.#rest = parts.pop() ?? '';
      this.lines.push(...parts);
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.said = (this.said + chunk.toString()).slice(-4_096);
    });
    this.#child.on('error', (error) => {
      this.said += String(error);
    });
  }

  /** The lines of JSON so far. */
  get told(): readonly Readonly<Record<string, unknown>>[] {
    return this.lines.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []));
  }

  /** The nodes that it saw last, `id address`. */
  get nodes(): unknown {
    return this.told.findLast((line) => 'nodes' in line)?.['nodes'];
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async ended(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }
}

/** Whether namespaces can be made here. */
export function whyNoNamespaces(): string | undefined {
  const name = `tenon-try${process.pid.toString(36)}`;
  try {
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    return undefined;
  } catch (error) {
    return `network namespaces cannot be made (root and iproute2 are needed): ${String(error).split('\n')[0]}`;
  }
}

function ip(...given: readonly string[]): void {
  execFileSync('ip', given, { stdio: 'pipe', env: { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` } });
}
