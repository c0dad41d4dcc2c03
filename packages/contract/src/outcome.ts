import type { ServiceError } from './service-error.js';

/** How one attempt on one node ended. */
export interface Outcome {
  /** From selecting the node to the reply or the failure, in milliseconds. */
  readonly elapsedMs: number;
  /** When it ended, by `Clock.now()`, where whoever reports has just asked: strategies then need not. */
  readonly endedAt?: number | undefined;
  /** Undefined where it succeeded. An error that the handler chose to throw is here too; strategies judge by `outcomeKind`. */
  readonly error?: ServiceError | undefined;
}

/**
 * What an outcome says about its node.
 *
 * - `served`: it did its work. What a handler refuses for the request's sake (`NotFound`, `InvalidArgument`) is served too.
 * - `unreachable`: the call never left, because the node cannot be connected to.
 * - `broken`: the connection ended under the call, or the node gave no sign of life.
 * - `draining`, `overloaded`: it turned the call away; see `Refusal`.
 * - `late`: the time of the call ran out.
 * - `failed`: it answered an error that speaks of the node: `Unavailable`, `Internal`, `Unknown`, `DataLoss`,
 *   `ResourceExhausted`.
 * - `abandoned`: the caller gave up; nothing is known.
 */
export type OutcomeKind =
  | 'served'
  | 'unreachable'
  | 'broken'
  | 'draining'
  | 'overloaded'
  | 'late'
  | 'failed'
  | 'abandoned';

/** What an outcome with this error, or none, says about its node. */
export function outcomeKind(error: ServiceError | undefined): OutcomeKind {
  if (error === undefined) return 'served';
  if (error.refusal !== undefined) return error.refusal;
  switch (error.code) {
    case 'Canceled':
      return 'abandoned';
    case 'DeadlineExceeded':
      return 'late';
    case 'Unavailable':
      if (error.answered) return 'failed';
      return error.executed === 'no' ? 'unreachable' : 'broken';
    case 'Internal':
    case 'Unknown':
    case 'DataLoss':
    case 'ResourceExhausted':
      // One that was not answered was found here: a request that is too long, a reply that cannot be read.
      return error.answered ? 'failed' : 'served';
    default:
      return 'served';
  }
}
