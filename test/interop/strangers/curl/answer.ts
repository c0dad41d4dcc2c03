import { saidBy } from '../../harness/program.js';

/** What curl got. */
export interface Answer {
  readonly status: number;
  /** Of HTTP, as it was spoken: `1.1` or `2`. */
  readonly version: string;
  /** How many connections were made for it. */
  readonly connections: number;
  /** Head lines of all answers of the run. */
  readonly head: string;
  /** Of all answers of the run. */
  readonly body: string;
}

/** What curl sends, beside the path. */
export interface Asking {
  readonly method?: string;
  /** Header lines. Default: `content-type: application/json`. */
  readonly head?: readonly string[];
  readonly body?: string | Uint8Array;
  /** How often, in one run. Default once. */
  readonly times?: number;
}

/** Asks, and gives the answer; with `times` all of them, of which each has what all said. */
export type Ask = (path: string, asking?: Asking) => Promise<readonly Answer[]>;

/** Runs curl once. */
export async function answersTo(
  program: string,
  args: readonly string[],
  url: string,
  { method = 'POST', head = ['content-type: application/json'], body = '{}', times = 1 }: Asking = {},
): Promise<readonly Answer[]> {
  const lines = head.flatMap((line) => ['-H', line]);
  const told = ['-sS', '-D', '-', '-w', `\n${mark} %{http_code} %{http_version} %{num_connects}\n`];
  const output = await saidBy(
    program,
    [...told, ...args, '-X', method, ...lines, '--data-binary', '@-', ...Array<string>(times).fill(url)],
    { input: body },
  );
  const parts = [...output.matchAll(new RegExp(`([\\s\\S]*?)\\n${mark} (\\d+) ([\\d.]+) (\\d+)\\n`, 'g'))];
  return parts.map(([, said = '', status, version = '', connections]) => {
    // A server that was asked to may say 100 before its answer.
    const [, answerHead = '', answerBody = ''] =
      /^(?:HTTP\/1\.1 100 [^\n]*\r\n(?:[^\r]+\r\n)*\r\n)?((?:[^\r\n]+\r\n)+)\r\n([\s\S]*)$/.exec(said) ?? [];
    return {
      status: Number(status),
      version,
      connections: Number(connections),
      head: answerHead,
      body: answerBody,
    };
  });
}

const mark = 'curl-told-this:';
