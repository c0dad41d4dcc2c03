import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, pauseProcess } from '@tenon/conformance';

/** How a test server is started. All fields are optional. */
export interface RabbitmqServerOptions {
  /** Further lines of `rabbitmq.conf`. */
  readonly config?: readonly string[];
  /** Settings that it has no line for, such as `channel_tick_interval 500`. */
  readonly settings?: readonly string[];
}

/** A real RabbitMQ on loopback ports of its own. It takes seconds to start: one serves the cases of a file. */
export class RabbitmqServer {
  readonly address: string;
  readonly port: number;
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #epmd: ChildProcess;
  #child: ChildProcess | undefined;

  private constructor(folder: string, port: number, environment: NodeJS.ProcessEnv, epmd: ChildProcess) {
    this.#folder = folder;
    this.#environment = environment;
    this.#epmd = epmd;
    this.port = port;
    this.address = `127.0.0.1:${port}`;
  }

  /** Starts a server on free ports, and resolves when it accepts connections. */
  static async start({ config = [], settings = [] }: RabbitmqServerOptions = {}): Promise<RabbitmqServer> {
    const folder = await mkdtemp(join(tmpdir(), 'tenon-rabbitmq-'));
    const [port, epmdPort, distributionPort] = (await freePorts(3)) as [number, number, number];
    await mkdir(join(folder, 'home'));
    await writeFile(join(folder, 'rabbitmq.conf'), [...configOf(port), ...config, ''].join('\n'));
    await writeFile(join(folder, 'enabled_plugins'), '[].');
    // Our own, in the foreground: the server would leave one behind that outlives it.
    const epmd = spawn('epmd', ['-port', String(epmdPort), '-address', '127.0.0.1'], { stdio: 'ignore' });
    const environment = environmentOf(folder, epmdPort, distributionPort, settings);
    const server = new RabbitmqServer(folder, port, environment, epmd);
    try {
      await server.restart();
    } catch (failure) {
      await server.stop();
      throw failure;
    }
    return server;
  }

  /** The process, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Ends the process at once, as a crash would. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child !== undefined) await ended(child);
  }

  /** Starts it again on the same port with what it kept, after {@link kill}. */
  async restart(): Promise<void> {
    if (this.#child !== undefined) throw new Error('the RabbitMQ server is still running');
    this.#child = spawn(programOf(), ['-noinput'], { stdio: 'ignore', env: this.#environment });
    await accepting(this.port, this.#child, join(this.#folder, 'log'));
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
    await ended(this.#epmd);
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function configOf(port: number): readonly string[] {
  return [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    'vm_memory_high_watermark.absolute = 2GB',
    'disk_free_limit.absolute = 1MB',
    'default_user = guest',
    'default_pass = guest',
  ];
}

/** The server's own script, which becomes the server itself: Debian's wrapper changes the user, and its child is not ours. */
function programOf(): string {
  const folder = '/usr/lib/rabbitmq/lib';
  const [version] = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('rabbitmq_server')) : [];
  if (version === undefined) throw new Error('RabbitMQ is missing: apt-get install rabbitmq-server');
  return join(folder, version, 'sbin', 'rabbitmq-server');
}

function environmentOf(
  folder: string,
  epmdPort: number,
  distributionPort: number,
  settings: readonly string[],
): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: join(folder, 'home'),
    // Not as a child of the script: so the process that we started is the one to kill.
    RABBITMQ_ALLOW_INPUT: '1',
    RABBITMQ_NODENAME: `tenon-${distributionPort}@localhost`,
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_DIST_PORT: String(distributionPort),
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: settings.map((setting) => `-rabbit ${setting}`).join(' '),
  };
}

async function accepting(port: number, child: ChildProcess, log: string): Promise<void> {
  const end = performance.now() + patienceMs;
  while (performance.now() < end) {
    if (child.exitCode !== null) throw new Error(`RabbitMQ ended with ${child.exitCode}: ${await lastOf(log)}`);
    if (await greets(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`RabbitMQ was not ready within ${patienceMs} ms: ${await lastOf(log)}`);
}

/** Whether somebody answers the protocol's first bytes. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('AMQP\x00\x00\x09\x01'));
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2_000, () => end(false));
    socket.once('data', () => end(true));
    socket.once('error', () => end(false));
    socket.once('close', () => resolve(false));
  });
}

async function lastOf(folder: string): Promise<string> {
  const [name] = existsSync(folder) ? readdirSync(folder).filter((file) => !file.includes('upgrade')) : [];
  return name === undefined ? 'no log' : (await readFile(join(folder, name), 'utf8')).slice(-1_000);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

const patienceMs = 90_000;
