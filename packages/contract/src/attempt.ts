import type { Code } from './code.js';
import type { Executed } from './executed.js';

/** One try of a call on one node, kept in {@link ServiceError.attempts} so that a log line tells the whole story. */
export interface Attempt {
  /** The id of the node that was tried, or undefined where none could be chosen. */
  readonly node: string | undefined;
  /** Its address, as it was dialled. */
  readonly address: string | undefined;
  readonly code: Code;
  readonly message: string;
  readonly executed: Executed;
  /** From choosing the node to its failure, in milliseconds. */
  readonly elapsedMs: number;
}
