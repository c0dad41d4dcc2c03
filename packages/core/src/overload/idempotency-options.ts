import { checkedNumber } from '@tenon/contract/authoring';

/** For how long and how many outcomes of calls with an idempotency key a server keeps. All fields are optional. */
export interface IdempotencyOptions {
  /** How long an outcome is kept after its call has ended. Range 1,000 to 86,400,000 ms, default 300,000. */
  readonly windowMs?: number;
  /** The oldest outcomes go where there are more. Range 1 to 1,000,000, default 10,000. Replies are kept as values. */
  readonly maxEntries?: number;
}

export interface ResolvedIdempotencyOptions {
  readonly windowMs: number;
  readonly maxEntries: number;
}

/**
 * `false` ignores keys: each repetition runs.
 *
 * @throws ServiceError `InvalidArgument` that names the option.
 */
export function resolveIdempotencyOptions(
  given: IdempotencyOptions | false = {},
): ResolvedIdempotencyOptions | undefined {
  if (given === false) return undefined;
  return Object.freeze({
    windowMs: checkedNumber('server.idempotency.windowMs', given.windowMs, {
      min: 1_000,
      max: 86_400_000,
      fallback: 300 * 1_000,
    }),
    maxEntries: checkedNumber('server.idempotency.maxEntries', given.maxEntries, {
      min: 1,
      max: 1_000_000,
      fallback: 10_000,
    }),
  });
}
