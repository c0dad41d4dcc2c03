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
