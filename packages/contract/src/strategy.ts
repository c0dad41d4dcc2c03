import type { Candidate } from './filter.js';
import type { Outcome } from './outcome.js';

/**
 * Chooses among the candidates of one service: round robin, random, the less loaded of two.
 *
 * The selector makes one picker per service and keeps it, so that state lasts across calls.
 */
export abstract class Strategy {
  abstract picker(service: string): Picker;
}

/** A strategy's state for one service. */
export interface Picker {
  /**
   * One of `candidates`, which is never empty. Sets change between calls; a picker drops what it knows of nodes that
   * are gone, and keeps what it knows of a node by its id.
   */
  pick(candidates: readonly Candidate[], key: string | undefined): Candidate;
  /** Called once for each pick. */
  report(candidate: Candidate, outcome: Outcome): void;
  /**
   * A node that the selector had left out because it failed is a candidate again. A picker that holds the failures
   * against it forgets them here, or they would outlast the ejection. Absent: it holds nothing against anybody.
   */
  returned?(candidate: Candidate): void;
}
