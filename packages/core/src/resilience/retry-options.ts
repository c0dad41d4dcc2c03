import { type BackoffOptions, checkedNumber } from '@tenon/contract/authoring';
import { type ResolvedRetryBudget, type RetryBudgetOptions, resolveRetryBudget } from './retry-budget.js';

/** How a failed attempt is repeated. */
export interface RetryOptions {
  /** How many nodes a call tries, the first included. Range 1 to 5, default 3: one bad node and one unlucky choice. */
  readonly maxAttempts?: number;
  /**
   * Upper bound of the wait before the first repetition, doubled for each further one; the wait is random below it. A first
   * repetition after `executed: 'no'` does not wait. Range 1 to 10,000, default 25.
   */
  readonly backoffBaseMs?: number;
  /** The longest wait between two attempts. Range 1 to 60,000, default 1,000. */
  readonly backoffMaxMs?: number;
  /** How much all the calls of the client together may repeat. */
  readonly budget?: RetryBudgetOptions;
}

export interface ResolvedRetry {
  readonly maxAttempts: number;
  readonly backoff: BackoffOptions;
  readonly budget: ResolvedRetryBudget;
}

export function resolveRetryOptions(options: RetryOptions = {}): ResolvedRetry {
  return Object.freeze({
    maxAttempts: checkedNumber('retry.maxAttempts', options.maxAttempts, { min: 1, max: 5, fallback: 3 }),
    backoff: Object.freeze({
      baseMs: checkedNumber('retry.backoffBaseMs', options.backoffBaseMs, { min: 1, max: 10_000, fallback: 25 }),
      factor: 2,
      maxMs: checkedNumber('retry.backoffMaxMs', options.backoffMaxMs, { min: 1, max: 60_000, fallback: 1_000 }),
      jitter: 1,
    }),
    budget: resolveRetryBudget(options.budget),
  });
}
