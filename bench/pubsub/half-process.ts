import { type ChildProcess, spawn } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canPin } from '../harness/child.js';
import type { HalfMessage, HalfOrder, HalfUsage } from './orders.js';

/** One half of a contestant, fresh for each heat; receivers are pinned to processor 0, publishers to 1. */
export class HalfProcess {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #kill = (): boolean => this.#child.kill('SIGKILL');
  readonly #failed: Promise<never>;
  #complaints = '';

  constructor(order: HalfOrder) {
    const isReceiver = order.task.kind === 'receive';
    this.#name = `${basename(order.module)}'s ${order.task.kind}`;
    const argv = [process.execPath, fileURLToPath(new URL('half.js', import.meta.url)), JSON.stringify(order)];
    const [command = '', ...args] = canPin ? ['taskset', '-c', isReceiver ? '0' : '1', ...argv] : argv;
    this.#child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-2_000);
    });
    process.once('exit', this.#kill);
    this.#failed = new Promise((_, reject) => {
      this.#child.once('exit', (code) => reject(new Error(`${this.#name} ended (${code}): ${this.#complaints}`)));
      this.#child.on('message', (message: HalfMessage) => {
        if (message.say === 'failed') reject(new Error(`${this.#name} failed: ${message.reason}`));
      });
    });
    this.#failed.catch(() => {});
  }

  /** Resolves when it says so. Rejects when it fails or ends, and after `withinMs`. */
  async said<S extends HalfMessage['say']>(
    what: S,
    withinMs = 60_000,
  ): Promise<Extract<HalfMessage, { readonly say: S }>> {
    const patience = new AbortController();
    try {
      return await Promise.race([
        this.#next(what, patience.signal),
        this.#late(what, withinMs, patience.signal),
        this.#failed,
      ]);
    } finally {
      patience.abort();
    }
  }

  async usage(): Promise<HalfUsage> {
    const answer = this.said('usage', 10_000);
    this.say({ say: 'usage?' });
    return (await answer).usage;
  }

  onReceived(listener: (message: HalfMessage) => void): void {
    this.#child.on('message', (message: HalfMessage) => {
      if (message.say === 'received') listener(message);
    });
  }

  say(message: HalfMessage): void {
    // One that is being ended need not hear it.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  async stop(): Promise<void> {
    process.off('exit', this.#kill);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#kill();
    await ended;
  }

  #next<S extends HalfMessage['say']>(what: S, given: AbortSignal): Promise<Extract<HalfMessage, { readonly say: S }>> {
    return new Promise((resolve) => {
      const heard = (message: HalfMessage): void => {
        if (message.say === what) resolve(message as Extract<HalfMessage, { readonly say: S }>);
      };
      this.#child.on('message', heard);
      given.addEventListener('abort', () => this.#child.off('message', heard), { once: true });
    });
  }

  #late(what: string, withinMs: number, given: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${this.#name} did not say ${what} within ${withinMs} ms: ${this.#complaints}`)),
        withinMs,
      );
      given.addEventListener('abort', () => clearTimeout(timer), { once: true });
    });
  }
}
