import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DriveOrder, Message, ServeOrder } from '../child/orders.js';
import type { Usage } from '../child/usage.js';

/** Which processor a child is pinned to, where the machine has two and `taskset`. */
export type Side = 'server' | 'client';

/** A process of a contestant: its half of the work, fresh for each repetition. */
export class Child {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #lines: string[] = [];
  readonly #exit: Promise<number | null>;
  #partial = '';
  #complaints = '';
  #wake: () => void = () => undefined;

  constructor(side: Side, order: ServeOrder | DriveOrder, flags: readonly string[]) {
    const file = side === 'server' ? 'serve' : 'drive';
    this.#name = `${basename(order.module, extname(order.module))}'s ${side}`;
    const script = fileURLToPath(new URL(`../child/${file}.js`, import.meta.url));
    const argv = [process.execPath, ...flags, script, JSON.stringify(order)];
    const [command = '', ...args] = canPin ? ['taskset', '-c', side === 'server' ? '0' : '1', ...argv] : argv;
    this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-maxComplaint);
    });
    // Some do not end by themselves once their broker has been ended with us.
    const kill = (): boolean => this.#child.kill('SIGKILL');
    process.once('exit', kill);
    this.#exit = new Promise((resolve) => {
      this.#child.once('exit', (code) => {
        process.off('exit', kill);
        resolve(code);
        this.#wake();
      });
    });
  }

  /** Calls `listener` for whatever the child says. */
  onMessage(listener: (message: Message) => void): void {
    this.#child.on('message', (message: Message) => listener(message));
  }

  /** What the child says next. */
  nextMessage(): Promise<Message> {
    return new Promise((resolve) => this.#child.once('message', (message: Message) => resolve(message)));
  }

  say(message: Message): void {
    if (this.#child.connected) this.#child.send(message);
  }

  /** The next line of its output, parsed. Rejects if the child ends without one, or takes longer than `withinMs`. */
  async line<T>(withinMs: number): Promise<T> {
    const end = performance.now() + withinMs;
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return JSON.parse(line) as T;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw this.#failure('ended without a result');
      const left = end - performance.now();
      if (left <= 0) throw this.#failure(`gave no result within ${withinMs} ms`);
      await this.#anything(left);
    }
  }

  /** Lets go of it and waits for its end; one that stays is killed, which is `stayed`. */
  async stop(): Promise<'ended' | 'stayed'> {
    if (this.#child.connected) this.#child.disconnect();
    const patience = new AbortController();
    const late = new Promise<'late'>((resolve) => {
      const timer = setTimeout(() => resolve('late'), stopPatienceMs);
      patience.signal.addEventListener('abort', () => clearTimeout(timer));
    });
    const outcome = await Promise.race([this.#exit, late]);
    patience.abort();
    if (outcome !== 'late') return 'ended';
    this.#child.kill('SIGKILL');
    await this.#exit;
    return 'stayed';
  }

  #take(text: string): void {
    const lines = (this.#partial + text).split('\n');
    this.#partial = lines.pop() ?? '';
    this.#lines.push(...lines.filter((line) => line.startsWith('{')));
    this.#wake();
  }

  #anything(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #failure(what: string): Error {
    const reason = /^(?:\w*Error\b.*|.*\bError: .*)$/m.exec(this.#complaints)?.[0]?.trim();
    return new Error(`${this.#name} ${what}${reason === undefined ? '' : `: ${reason}`}`, { cause: this.#complaints });
  }
}

/** Asks a server process for its usage, after a collection or without. */
export async function usageOf(server: Child, collected: boolean): Promise<Usage> {
  const answer = server.nextMessage();
  server.say({ say: 'usage?', collected });
  const message = await answer;
  if (message.say !== 'usage') throw new Error(`expected "usage", got "${message.say}"`);
  return message.usage;
}

/** Whether servers and clients have a processor each. */
export const canPin = availableParallelism() >= 2 && spawnSync('taskset', ['-V'], { stdio: 'ignore' }).status === 0;

const stopPatienceMs = 1_000;
const maxComplaint = 4_000;
