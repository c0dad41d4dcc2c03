import { checkedNumber } from '@tenon/contract/authoring';

/** When the calls of an endpoint are stopped for a while, because too many of them fail. */
export interface BreakerOptions {
  /** The share of failed calls from which on it opens. Range 0 (the first failure) to 1, default 0.5. */
  readonly failureRatio?: number;
  /** Fewer calls than this within the window say nothing. Range 1 to 1,000,000, default 20. */
  readonly minCalls?: number;
  /** Over how long calls are counted. Range 1,000 to 600,000 ms, default 10,000. */
  readonly windowMs?: number;
  /** How long it stays open before one call is let through to find out. Range 1 to 600,000 ms, default 5,000. */
  readonly openMs?: number;
}

export type ResolvedBreaker = Required<BreakerOptions>;

export function resolveBreakerOptions(options: BreakerOptions = {}): ResolvedBreaker {
  return Object.freeze({
    failureRatio: checkedNumber('client.breaker.failureRatio', options.failureRatio, {
      min: 0,
      max: 1,
      fallback: 0.5,
      integer: false,
    }),
    minCalls: checkedNumber('client.breaker.minCalls', options.minCalls, { min: 1, max: 1_000_000, fallback: 20 }),
    windowMs: checkedNumber('client.breaker.windowMs', options.windowMs, {
      min: 1_000,
      max: 600_000,
      fallback: 10 * 1_000,
    }),
    openMs: checkedNumber('client.breaker.openMs', options.openMs, { min: 1, max: 600_000, fallback: 5 * 1_000 }),
  });
}
