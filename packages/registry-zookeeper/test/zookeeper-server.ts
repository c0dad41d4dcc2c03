import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, freePorts, pauseProcess } from '@tenon/conformance';

/** Its place in an ensemble; alone without. */
interface Membership {
  readonly id: number;
  readonly members: readonly { readonly peerPort: number; readonly electionPort: number }[];
}

/**
 * A real ZooKeeper for tests, from Debian's jars: on random loopback ports, with a data directory of its own, and with the ways in which
 * it fails: killed, stopped, wiped, and back on the same port. Its tick is 500 ms, so that sessions have 1 to 60 s.
 */
export class ZookeeperServer {
  /** Where clients connect: `127.0.0.1:<port>`. The same after each restart. */
  readonly endpoint: string;
  readonly port: number;
  readonly #folder: string;
  readonly #membership: Membership | undefined;
  #child: ChildProcess | undefined;
  #said = '';

  private constructor(port: number, folder: string, membership: Membership | undefined) {
    this.port = port;
    this.endpoint = `127.0.0.1:${port}`;
    this.#folder = folder;
    this.#membership = membership;
  }

  /** Starts one and resolves when it serves. Rejects with what it said where it does not. */
  static async start(): Promise<ZookeeperServer> {
    const port = await freePort();
    const server = new ZookeeperServer(port, await mkdtemp(join(tmpdir(), 'zookeeper-test-')), undefined);
    return started([server]).then(() => server);
  }

  /** Starts an ensemble of three and resolves when each member serves. */
  static async ensemble(): Promise<readonly ZookeeperServer[]> {
    const ports = await freePorts(9);
    const members = [0, 1, 2].map((index) => ({
      peerPort: ports[3 + index] as number,
      electionPort: ports[6 + index] as number,
    }));
    const servers = await Promise.all(
      members.map(async (_, index) => {
        const folder = await mkdtemp(join(tmpdir(), 'zookeeper-test-'));
        return new ZookeeperServer(ports[index] as number, folder, { id: index + 1, members });
      }),
    );
    return started(servers).then(() => servers);
  }

  /** The process id, while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it again on the same port with the data that there is, and resolves when it serves. */
  async restart(): Promise<void> {
    await this.launch();
    await this.#ready();
  }

  /** Starts the process, without waiting for it to serve. */
  async launch(): Promise<void> {
    if (this.#child !== undefined) throw new Error('ZooKeeper runs already');
    if (!existsSync(jar)) throw new Error(`${jar} is missing: apt-get install zookeeper`);
    const data = join(this.#folder, 'data');
    await mkdir(data, { recursive: true });
    await writeFile(join(this.#folder, 'zoo.cfg'), configuration(data, this.port, this.#membership).join('\n'));
    if (this.#membership !== undefined) await writeFile(join(data, 'myid'), String(this.#membership.id));
    const child = spawn(
      'java',
      [
        ...[
          '-Xms32m',
          '-Xmx160m',
          '-XX:TieredStopAtLevel=1',
          '-XX:+UseSerialGC',
          '-Dzookeeper.admin.enableServer=false',
        ],
        ...['-cp', '/usr/share/java/zookeeper.jar', 'org.apache.zookeeper.server.quorum.QuorumPeerMain'],
        join(this.#folder, 'zoo.cfg'),
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-4_096);
    });
    child.on('error', (error) => {
      this.#said += String(error);
    });
    this.#child = child;
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
    await rm(join(this.#folder, 'data'), { recursive: true, force: true });
  }

  /** How many watches it holds for its clients. */
  async watches(): Promise<number> {
    return Number(/Total watches:(\d+)/.exec(await this.#answerTo('wchs'))?.[1]);
  }

  /** Kills it and removes everything. */
  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    const child = this.#child;
    for (const until = performance.now() + readyWithinMs; !(await this.#serves()); ) {
      const hasEnded = child?.pid === undefined || child.exitCode !== null || child.signalCode !== null;
      if (hasEnded || performance.now() > until) throw new Error(`ZooKeeper did not start: ${this.#said}`);
      await delay(50);
    }
  }

  /** The command `srvr` is answered with a mode once it serves; without a majority it says that it does not. */
  async #serves(): Promise<boolean> {
    return (await this.#answerTo('srvr')).includes('Mode: ');
  }

  /** What it says to a command of four letters; nothing where it cannot be reached. */
  #answerTo(command: string): Promise<string> {
    return new Promise((resolve) => {
      let said = '';
      const socket = connect(this.port, '127.0.0.1', () => socket.write(command));
      socket.setTimeout(2_000, () => socket.destroy());
      socket.on('data', (chunk) => {
        said += chunk.toString();
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(said));
    });
  }
}

async function started(servers: readonly ZookeeperServer[]): Promise<void> {
  try {
    await Promise.all(servers.map((server) => server.restart()));
  } catch (error) {
    await Promise.all(servers.map((server) => server.dispose()));
    throw error;
  }
}

function configuration(data: string, port: number, membership: Membership | undefined): readonly string[] {
  const alone = [
    `dataDir=${data}`,
    `clientPort=${port}`,
    'clientPortAddress=127.0.0.1',
    'tickTime=500',
    'minSessionTimeout=1000',
    'maxSessionTimeout=60000',
    'maxClientCnxns=0',
    '4lw.commands.whitelist=srvr,wchs',
    'admin.enableServer=false',
  ];
  if (membership === undefined) return alone;
  const members = membership.members.map(
    ({ peerPort, electionPort }, index) => `server.${index + 1}=127.0.0.1:${peerPort}:${electionPort}`,
  );
  return [...alone, 'initLimit=20', 'syncLimit=4', ...members];
}

/** Ports that were free a moment ago, held together so that they differ. */

const jar = '/usr/share/java/zookeeper.jar';
const readyWithinMs = 45_000;
