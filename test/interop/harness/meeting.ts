import type { Machine } from './machine.js';
import { Missing } from './missing.js';

/** How one named case came out. */
export interface CaseResult {
  readonly name: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly reason?: string;
}

/** What a stranger is given to meet Tenon with, and what comes of it. */
export class Meeting {
  readonly cases: CaseResult[] = [];
  readonly notes: string[] = [];
  /** Of the stranger, by its own word where it tells. */
  version = '';

  constructor(
    readonly machine: Machine,
    /** The stranger's own folder. */
    readonly folder: string,
  ) {}

  /**
   * Runs one case: it passes where `run` resolves. A case that does not end in time fails, and what it still does counts no more.
   *
   * @param name - one of a kind within the stranger
   * @param limitMs - default 60 s; programs that are run have limits of their own
   */
  async case(name: string, run: () => unknown, limitMs?: number): Promise<void> {
    this.record(await resultOf(name, run, limitMs));
  }

  /** Puts in a case that somebody else has run. */
  record(one: CaseResult): void {
    if (this.cases.some(({ name }) => name === one.name)) throw new Error(`there are two cases ${one.name}`);
    this.cases.push(one);
  }

  /** What a reader should know beside the figures. */
  note(text: string): void {
    this.notes.push(text);
  }
}

/** Runs one case as {@link Meeting.case} does, for whoever hands the result over in another way. */
export async function resultOf(name: string, run: () => unknown, limitMs = 60_000): Promise<CaseResult> {
  try {
    await inTime(run, limitMs);
    return { name, result: 'passed' };
  } catch (thrown) {
    return { name, result: thrown instanceof Missing ? 'skipped' : 'failed', reason: messageOf(thrown) };
  }
}

async function inTime(run: () => unknown, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`did not end within ${limitMs / 1_000} s`)), limitMs);
  });
  try {
    await Promise.race([(async () => run())(), late]);
  } finally {
    clearTimeout(timer);
  }
}

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
