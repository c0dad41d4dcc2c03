import type { Readable, Writable } from 'node:stream';

/** What a run of the command sees of the world. */
export interface Surroundings {
  /** Environment variables. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Where registry packages are looked for first, and where files are named from: the current folder. */
  readonly folder: string;
  readonly input: Readable;
  readonly output: Writable;
  readonly errors: Writable;
  /** Output goes to a person. */
  readonly isTerminal: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}
