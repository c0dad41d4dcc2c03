import { type ChildProcess, type SendHandle, type Serializable, spawn } from 'node:child_process';

/** How a process ended. */
export interface ProcessEnd {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface NodeProcessOptions {
  /** Given to the script as its arguments. Default none. */
  readonly parameters?: readonly string[];
  /** Given to Node.js before the script, such as `--max-old-space-size=128`. Default none. */
  readonly flags?: readonly string[];
  /** The whole environment of the process. Default: that of this one. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** A command that starts the process in its turn, such as `['faketime', '-f', '+1h']`. Default none. */
  readonly wrapper?: readonly string[];
  /** Stands in error messages. Default: the script's path. */
  readonly name?: string;
}

/**
 * A script that runs in a Node.js process of its own, to be stopped, frozen and killed as processes are. It has an IPC
 * channel: the script says things with `process.send`, and hears them on `process.on('message')`; maps, bigints, NaN and bytes
 * cross it. The process is killed by its id when it is disposed of and when this process exits; a script that should not outlive a
 * SIGKILL of this process ends itself on `process.on('disconnect')`.
 *
 * @example
 * await using node = new NodeProcess('dist/node.js');
 * await node.message((said) => said === 'ready', 10_000);
 * node.terminate();
 * const { code } = await node.ended(30_000);
 */
export class NodeProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #ended: Promise<ProcessEnd>;
  #end: ProcessEnd | undefined;
  #output = '';
  #errors = '';
  readonly #watchers = new Set<() => void>();

  /** Starts it. A script that cannot be started ends at once: every wait rejects with what it said. */
  constructor(script: string, options: NodeProcessOptions = {}) {
    const { parameters = [], flags = [], wrapper = [], environment, name = script } = options;
    this.#name = name;
    const [command = process.execPath, ...rest] = [...wrapper, process.execPath, ...flags, script, ...parameters];
    this.#child = spawn(command, rest, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
      ...(environment === undefined ? {} : { env: { ...environment } }),
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#said(text, ''));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#said('', text));
    const killed = (): void => void this.#child.kill('SIGKILL');
    process.once('exit', killed);
    this.#ended = new Promise((resolve) => {
      const over = (code: number | null, signal: NodeJS.Signals | null): void => {
        process.off('exit', killed);
        this.#end ??= { code, signal };
        this.#changed();
        resolve(this.#end);
      };
      this.#child.once('close', over);
      this.#child.once('error', (error) => {
        this.#said('', String(error));
        if (this.#child.pid === undefined) over(null, null);
      });
    });
  }

  /** Undefined where it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#end === undefined;
  }

  /** What it wrote to standard output so far, by lines; the newest megabyte. */
  get lines(): readonly string[] {
    return this.#output.split('\n').filter((line) => line !== '');
  }

  /** What it wrote to standard error so far; the newest megabyte. */
  get errors(): string {
    return this.#errors;
  }

  /** Says something to the script. Nothing happens where it has ended. */
  say(message: Serializable, handle?: SendHandle): void {
    if (this.#child.connected) this.#child.send(message, handle, {}, () => {});
  }

  /** Calls `listener` for whatever the script says, until the returned function is called. */
  onMessage(listener: (message: unknown) => void): () => void {
    this.#child.on('message', listener);
    return () => void this.#child.off('message', listener);
  }

  /** Waits for a message that matches. Rejects, with all that it wrote, when it ends before or time is over. */
  async message<T>(matches: (message: unknown) => T | undefined | false, withinMs: number): Promise<T> {
    let found: T | undefined | false;
    const stop = this.onMessage((message) => {
      if (found !== undefined && found !== false) return;
      found = matches(message);
      this.#changed();
    });
    try {
      return await this.#until(() => (found === false ? undefined : found), withinMs, 'the message');
    } finally {
      stop();
    }
  }

  /** Waits for a line of output that matches, written before or later. Rejects as `message` does. */
  line(pattern: RegExp, withinMs = 30_000): Promise<string> {
    return this.#until(() => this.lines.find((line) => pattern.test(line)), withinMs, `a line like ${pattern}`);
  }

  /** Waits for it to end. */
  async ended(withinMs: number): Promise<ProcessEnd> {
    if (this.#end === undefined) await this.#until(() => this.#end, withinMs, 'its end');
    return this.#ended;
  }

  /** SIGTERM: asks it to end. */
  terminate(): void {
    this.#child.kill('SIGTERM');
  }

  /** SIGKILL: ends it as a power cut does. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#child.kill(signal);
  }

  /** SIGSTOP: freezes it. Its connections stay, and nothing answers. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  /** SIGCONT: lets it go on. */
  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** Kills it and waits until it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#end === undefined) this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #said(output: string, errors: string): void {
    this.#output = (this.#output + output).slice(-maxKept);
    this.#errors = (this.#errors + errors).slice(-maxKept);
    this.#changed();
  }

  #changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  #until<T>(find: () => T | undefined, withinMs: number, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
      };
      const fail = (how: string): void => {
        stop();
        reject(new Error(`${this.#name} ${how} before ${what} came; it said:\n${this.#output}\n${this.#errors}`));
      };
      const look = (): void => {
        const found = find();
        if (found !== undefined) {
          stop();
          resolve(found);
        } else if (this.#end !== undefined) {
          fail(`ended (code ${this.#end.code}, signal ${this.#end.signal})`);
        }
      };
      const timer = setTimeout(() => fail(`was waited for ${withinMs} ms`), withinMs);
      this.#watchers.add(look);
      look();
    });
  }
}

const maxKept = 1_024 * 1_024;
