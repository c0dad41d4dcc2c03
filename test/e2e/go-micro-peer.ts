import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ownSources = fileURLToPath(new URL('../interop/go-micro', import.meta.url));

/** One thing that the peer said has happened. */
export interface PeerLine {
  readonly case: string;
  readonly reply?: unknown;
  readonly replies?: readonly unknown[];
  readonly error?: string;
  readonly code?: number;
  readonly detail?: string;
  readonly [name: string]: unknown;
}

/** A go-micro server that runs. Disposing of it ends it in order: it takes its node out of the registry. */
export interface PeerServer extends AsyncDisposable {
  /** What it has said; grows. */
  readonly lines: readonly PeerLine[];
  readonly address: string;
}

/** go-micro processes: `test/interop/go-micro`, compiled. */
export class GoMicroPeer implements AsyncDisposable {
  /** Its path. */
  readonly program: string;
  readonly #folder: string | undefined;
  readonly #servers: ChildProcess[] = [];

  private constructor(program: string, folder: string | undefined) {
    this.program = program;
    this.#folder = folder;
  }

  /**
   * Compiles the peer, or takes the program that `GO_MICRO_PEER` names. Resolves with the reason where it cannot be had
   * on this machine.
   *
   * @param sources - where the Go program is, for callers that are compiled to another folder
   */
  static async found(sources = ownSources): Promise<GoMicroPeer | string> {
    const given = process.env['GO_MICRO_PEER'];
    if (given !== undefined) return new GoMicroPeer(given, undefined);
    const path = `${process.env['PATH'] ?? ''}:/usr/local/go/bin`;
    const folder = await mkdtemp(join(tmpdir(), 'tenon-go-micro-'));
    const program = join(folder, 'peer');
    try {
      // A copy of go.mod, so that what Go adds to it stays there.
      const modules = join(folder, 'go.mod');
      await run('cp', [join(sources, 'go.mod'), modules]);
      const args = ['build', '-mod=mod', `-modfile=${modules}`, '-buildvcs=false', '-o', program, '.'];
      await run('go', args, {
        cwd: sources,
        env: { ...process.env, PATH: path, GOTOOLCHAIN: 'local' },
        timeout: 480_000,
      });
      return new GoMicroPeer(program, folder);
    } catch (thrown) {
      await rm(folder, { recursive: true, force: true });
      const said = String((thrown as { readonly stderr?: string }).stderr ?? '') || String(thrown);
      const lines = said.split('\n').filter((line) => line.trim() !== '');
      return `go-micro cannot be built here: ${lines.slice(-2).join(' ').trim() || 'no reason'}`;
    }
  }

  /** Starts a server, which runs until it or this is disposed of. */
  async serve(args: readonly string[]): Promise<PeerServer> {
    const child = spawn(this.program, ['server', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#servers.push(child);
    const killed = (): void => void child.kill('SIGKILL');
    process.once('exit', killed);
    child.once('exit', () => process.off('exit', killed));
    const lines: PeerLine[] = [];
    const output = createInterface({ input: child.stdout });
    output.on('line', (line) => keep(lines, line));
    child.stderr.resume();
    while (!lines.some((line) => line.case === 'serving')) {
      if (child.exitCode !== null) throw new Error(`the go-micro server ended with ${child.exitCode}`);
      await Promise.race([once(output, 'line'), once(child, 'exit')]);
    }
    const serving = lines.find((line) => line.case === 'serving');
    return { lines, address: String(serving?.['address']), [Symbol.asyncDispose]: () => ended(child) };
  }

  /** Runs a client to its end. */
  async call(args: readonly string[]): Promise<readonly PeerLine[]> {
    const { stdout } = await run(this.program, ['client', ...args], { timeout: 60_000 });
    const lines: PeerLine[] = [];
    for (const line of stdout.split('\n')) keep(lines, line);
    return lines;
  }

  /** Runs one case of a client, and resolves with what it said about it. */
  async ask(args: readonly string[], what: string): Promise<PeerLine> {
    const line = (await this.call([...args, what])).find((one) => one.case === what);
    if (line === undefined) throw new Error(`go-micro said nothing about ${what}`);
    return line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#servers) await ended(child);
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

/** Its log goes to the same place. */
function keep(lines: PeerLine[], line: string): void {
  if (line.startsWith('{')) lines.push(JSON.parse(line) as PeerLine);
}
