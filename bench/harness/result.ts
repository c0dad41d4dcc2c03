import type { Figures } from '../child/figures.js';

/** What one entrant did in each repetition, in order; or why it did nothing. */
export interface Result {
  readonly entrant: string;
  readonly heats: readonly Figures[];
  /** Limits that it raised. */
  readonly raises?: string;
  /** It could not take part here; no fault of its own. */
  readonly skipped?: string;
  /** It took part and broke. */
  readonly failed?: string;
}

/** A cell's results. `void`: the canary says that the machine was in no state to measure. */
export interface CellResult {
  readonly cell: string;
  readonly about: string;
  readonly results: readonly Result[];
  readonly void?: string;
}
