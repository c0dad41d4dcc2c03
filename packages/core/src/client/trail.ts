import { type Attempt as AttemptRecord, type Candidate, type Executed, type ServiceError } from '@tenon/contract';

/** What has been tried for one call. Made when its first attempt has failed, or where it is hedged. */
export class Trail {
  /** Ids of the nodes. */
  readonly tried = new Set<string>();
  readonly #attempts: AttemptRecord[] = [];
  #executed: Executed = 'no';
  /** How many attempts failed. */
  failures = 0;
  /** How many times it waited because there was no node to try. */
  waits = 0;
  /** How many count against the limit of the call. */
  counted = 0;
  /** Whether the call was repeated without drawing on the budget: once it may be. */
  repeatedFree = false;
  /** The node that has seen the call's idempotency key: the call may go to no other any more. */
  keptBy: string | undefined;
  /** A node that was left out, or left, because it gave no sign of life; the newest. */
  avoided: string | undefined;
  /** The one that the call goes to after all others have failed. */
  lastResort: string | undefined;
  /** The node of the newest attempt. */
  current: string | undefined;

  /** The newest, oldest first; of very many the oldest are forgotten. */
  get attempts(): readonly AttemptRecord[] {
    return [...this.#attempts];
  }

  /** What holds of the whole call: an attempt that certainly did not run says nothing about an earlier one that may have. */
  executedAlso(last: Executed): Executed {
    return farther(this.#executed, last);
  }

  /**
   * Whether a call goes to a node that was left out before, now that the last of the others could not be reached: that one may be heard
   * again, and where all are silent it is this side that stood still. Once for each call, and not where it may have run and must not
   * run twice.
   */
  turnsToAvoided(error: ServiceError, idempotent: boolean): boolean {
    if (this.avoided === undefined || this.lastResort !== undefined) return false;
    if (error.code !== 'Unavailable' || error.executed !== 'no') return false;
    if (this.#executed !== 'no' && !idempotent) return false;
    this.lastResort = this.avoided;
    return true;
  }

  /** Adds an attempt that failed. */
  add(error: ServiceError, { node }: Candidate, elapsedMs: number): void {
    const { code, rawMessage: message, executed } = error;
    this.#attempts.push({ node: node.id || undefined, address: node.address, code, message, executed, elapsedMs });
    if (this.#attempts.length > maxListed) this.#attempts.shift();
    this.#executed = farther(this.#executed, executed);
    this.tried.add(node.id);
    this.failures += 1;
  }
}

/** Of two attempts of one call, what holds of both together. */
export function farther(one: Executed, other: Executed): Executed {
  if (one === 'yes' || other === 'yes') return 'yes';
  return one === 'maybe' || other === 'maybe' ? 'maybe' : 'no';
}

/** A call that waits for a service that is not there may be tried hundreds of times. */
const maxListed = 32;
