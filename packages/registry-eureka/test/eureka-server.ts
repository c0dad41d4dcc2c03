import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, pauseProcess } from '@tenon/conformance';

/** What is built, beside everything else that is only kept. */
const home = dirname(createRequire(import.meta.url).resolve('@tenon/registry-eureka/package.json'));
const cache = join(home, '../../.tmp/eureka-server');
const jar = join(cache, 'eureka-server.jar');
const source = join(home, 'test/server');

/**
 * Builds the server that `server/pom.xml` pins, where it has not been built. Wants `mvn` and a JDK of 17 on the PATH, and the packages
 * from a repository or from Maven's own cache. Call it from one test file: it does not wait for another that builds.
 *
 * @returns why the server cannot be had on this machine; undefined where it is there.
 */
export async function eurekaServerMissing(): Promise<string | undefined> {
  if (existsSync(jar)) return undefined;
  mkdirSync(cache, { recursive: true });
  const args = ['-q', '-B', '-f', join(source, 'pom.xml'), `-Dtenon.folder=${cache}`, 'package'];
  const problem = await run('mvn', args);
  return problem === undefined || existsSync(jar) ? problem : `mvn cannot build the Eureka server: ${problem}`;
}

/** How a test server is started. All fields are optional. */
export interface EurekaServerOptions {
  /** Keeps who does not renew, once too many do not. Default off. */
  readonly preservesItself?: boolean;
  /** Another server, that each tells of its changes. */
  readonly peer?: string;
}

/**
 * A real Eureka server (Spring Cloud Netflix) for tests: on a random loopback port, and with the ways in which it fails. It evicts every
 * 300 ms and answers without its cache of 30 s, so that tests need not wait; both are settings of the server.
 */
export class EurekaServer {
  readonly port: number;
  #options: EurekaServerOptions;
  #child: ChildProcess | undefined;
  #said = '';

  private constructor(port: number, options: EurekaServerOptions) {
    this.port = port;
    this.#options = options;
  }

  static async start(options: EurekaServerOptions = {}): Promise<EurekaServer> {
    const server = new EurekaServer(await freePort(), options);
    await server.restart();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/eureka`;
  }

  /** Starts it again on the same port, and resolves when it serves. What it knew has gone with its process. */
  async restart(): Promise<void> {
    if (this.#child !== undefined) return;
    const { preservesItself = false, peer } = this.#options;
    const settings = {
      'server.port': this.port,
      'server.address': '127.0.0.1',
      'eureka.instance.hostname': '127.0.0.1',
      'eureka.client.register-with-eureka': peer !== undefined,
      'eureka.client.fetch-registry': false,
      'eureka.client.service-url.defaultZone': peer ?? this.url,
      'eureka.server.enable-self-preservation': preservesItself,
      'eureka.server.eviction-interval-timer-in-ms': 300,
      'eureka.server.use-read-only-response-cache': false,
      'eureka.server.expected-client-renewal-interval-seconds': 1,
      'eureka.server.renewal-threshold-update-interval-ms': 1_000,
      'spring.main.banner-mode': 'off',
    };
    const flags = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
    const child = spawn('java', ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-jar', jar, ...flags], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-4_096);
    });
    child.on('error', (error) => {
      this.#said += String(error);
    });
    this.#child = child;
    const until = performance.now() + 120_000;
    while (!(await this.#isThere())) {
      if (child.exitCode !== null || child.pid === undefined || performance.now() > until) {
        await this.kill();
        throw new Error(`Eureka did not start: ${this.#said}`);
      }
      await delay(100);
    }
  }

  /** Starts it anew, with self-preservation on. */
  async preserveItself(): Promise<void> {
    await this.kill();
    this.#options = { ...this.#options, preservesItself: true };
    await this.restart();
  }

  /** Ends it as a power cut does (SIGKILL). */
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

  /** Takes out whatever is registered. */
  async clear(): Promise<void> {
    for (const { app, instanceId } of await this.instances()) {
      await fetch(`${this.url}/apps/${app}/${encodeURIComponent(instanceId)}`, { method: 'DELETE' });
    }
  }

  /** What it knows, read without the registry. */
  async instances(): Promise<
    readonly { readonly app: string; readonly instanceId: string; readonly status: string }[]
  > {
    const response = await fetch(`${this.url}/apps`, { headers: { accept: 'application/json' } });
    const { applications } = (await response.json()) as {
      applications: { application: { instance: { app: string; instanceId: string; status: string }[] }[] };
    };
    return applications.application.flatMap(({ instance }) => instance);
  }

  async #isThere(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/apps/delta`, { signal: AbortSignal.timeout(2_000) })).ok;
    } catch {
      return false;
    }
  }
}

function run(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: buildTimeoutMs }, (error, stdout) => {
      if (error === null) resolve(undefined);
      else if (error.code === 'ENOENT') resolve(`${program} is not on the PATH`);
      else
        resolve(
          error.killed ? `took longer than ${buildTimeoutMs} ms` : stdout.trim().split('\n').at(-1) || String(error),
        );
    });
  });
}

export const buildTimeoutMs = 400_000;
