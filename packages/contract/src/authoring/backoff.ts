/** How waiting times grow between attempts. */
export interface BackoffOptions {
  /** The upper bound of the first wait, in milliseconds. */
  readonly baseMs: number;
  /** How much the bound grows with each attempt. */
  readonly factor: number;
  /** The bound never exceeds this, in milliseconds. */
  readonly maxMs: number;
  /** The part of the bound that is random, 0 to 1: 1 is full jitter, which spreads a herd best. */
  readonly jitter: number;
}

/**
 * The wait before attempt `attempt` (1 for the first repetition), in milliseconds.
 *
 * `bound = min(maxMs, baseMs × factor^(attempt−1))`, of which the share `jitter` is random. With jitter 1 this is the
 * "full jitter" of Marc Brooker's "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
 */
export function backoffMs(attempt: number, options: BackoffOptions, random: () => number = Math.random): number {
  const bound = Math.min(options.maxMs, options.baseMs * options.factor ** (attempt - 1));
  return bound * (1 - options.jitter) + bound * options.jitter * random();
}
