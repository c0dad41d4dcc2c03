import type { ServiceError } from './service-error.js';

/** How one attempt on one node ended. */
export interface Outcome {
  /** From selecting the node to the reply or the failure, in milliseconds. */
  readonly elapsedMs: number;
  /** When it ended, by `Clock.now()`, where whoever reports has just asked: strategies then need not. */
  readonly endedAt?: number | undefined;
  /** Undefined where it succeeded. An error that the handler chose to throw is here too; strategies judge by its code. */
  readonly error?: ServiceError | undefined;
}
