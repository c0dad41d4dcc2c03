import type { Texts } from './planted.js';

/** A change to the sound house that breaks one rule, and what the rule must say about it. */
export interface Plant {
  /** The rule's name. */
  readonly rule: string;
  readonly change: Texts;
  /** `file:line problem`, of each violation. */
  readonly reports: readonly string[];
}

/** One file with one fault: most plants. */
export function plant(rule: string, path: string, text: string, ...reports: readonly string[]): Plant {
  return { rule, change: { [path]: text }, reports: reports.map((report) => `${path}:${report}`) };
}
