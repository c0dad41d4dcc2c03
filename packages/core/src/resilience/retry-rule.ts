import type { ServiceError } from '@tenon/contract';

/**
 * Whether a failed attempt may be repeated on another node.
 *
 * Retryable is a property of the failure and the call together, never of an error class: a failure that certainly did
 * not run the handler (`executed: 'no'`) may be repeated if the node was at fault; one that may have run it, only if the
 * endpoint is idempotent. What the handler answered by choice is final either way.
 */
export function mayRetry(error: ServiceError, idempotent: boolean): boolean {
  if (!nodeFaults.has(error.code)) return false;
  if (error.executed === 'no') return true;
  return error.executed === 'maybe' && idempotent;
}

/**
 * Whether no server has worked on the attempt: it never left, or a node that is leaving turned it away. Repeating it adds no load.
 */
export function neverTaken({ executed, answered, refusal }: ServiceError): boolean {
  return executed === 'no' && (!answered || refusal === 'draining');
}

/** Codes that speak of the node, its load or the way to it. Any other speaks of the request, and would come back. */
const nodeFaults: ReadonlySet<string> = new Set(['Unavailable', 'ResourceExhausted', 'Aborted']);
