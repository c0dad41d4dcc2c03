import { spawn } from 'node:child_process';

/** How a program is run. All fields are optional. */
export interface ProgramOptions {
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Given on its standard input, which is empty otherwise. */
  readonly input?: string | Uint8Array;
  /** How long it may run. Default 60 s. */
  readonly limitMs?: number;
}

/** How a program ended, and what it said. */
export interface Ended {
  /** Its exit code; -1 where a signal ended it. */
  readonly code: number;
  /** On its standard output. */
  readonly said: string;
  /** On its standard error. */
  readonly complained: string;
}

/** Runs a program to its end. It does not outlive this process, nor its limit. */
export function ran(program: string, args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  const { limitMs = 60_000 } = options;
  const env = { ...process.env, ...options.env };
  const child = spawn(program, args, { env, ...(options.cwd === undefined ? {} : { cwd: options.cwd }) });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  let [said, complained, late] = ['', '', false];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complained += text;
  });
  // A program that ends without having read its input is no fault.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const timer = setTimeout(() => {
    late = true;
    kill();
  }, limitMs);
  return new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (late) reject(new Error(`${program} did not end within ${limitMs / 1_000} s; it said ${said}${complained}`));
      else resolve({ code: code ?? -1, said, complained });
    });
  }).finally(() => {
    clearTimeout(timer);
    process.off('exit', kill);
  });
}

/** What a program said that ended well; an error with all it said where it did not. */
export async function saidBy(program: string, args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const { code, said, complained } = await ran(program, args, options);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${`${said}${complained}`.trim()}`);
  return said;
}
