import { ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

/** How many unary calls a server runs at once: a limit that follows their latency. All fields are optional. */
export interface ConcurrencyOptions {
  /** The limit at the start, and the one that it returns to. Range 1 to 100,000, default 1,000. */
  readonly initial?: number;
  /** It never becomes lower. Range 1 to 100,000, default 16, or `initial` where that is less. */
  readonly min?: number;
  /** It never becomes higher. Range 1 to 100,000, default 10,000, or `initial` where that is more. */
  readonly max?: number;
}

export interface ResolvedConcurrencyOptions {
  readonly initial: number;
  readonly min: number;
  readonly max: number;
}

/**
 * A number is a fixed limit, `false` none.
 *
 * @throws ServiceError `InvalidArgument` that names the option.
 */
export function resolveConcurrencyOptions(given: ConcurrencyOptions | number | false = {}): ResolvedConcurrencyOptions {
  if (given === false) return fixedAt(Number.POSITIVE_INFINITY);
  if (typeof given === 'number')
    return fixedAt(checkedNumber('server.concurrency', given, { min: 1, max: 100_000, fallback: 1_000 }));
  const limits = { min: 1, max: 100_000 };
  const usual = checkedNumber('server.concurrency.initial', given.initial, { ...limits, fallback: 1_000 });
  const least = checkedNumber('server.concurrency.min', given.min, { ...limits, fallback: 16 });
  const most = checkedNumber('server.concurrency.max', given.max, { ...limits, fallback: 10_000 });
  // What is not said follows what is.
  const initial = given.initial ?? Math.min(given.max ?? Number.POSITIVE_INFINITY, Math.max(given.min ?? 0, usual));
  const min = given.min ?? Math.min(least, initial);
  const max = given.max ?? Math.max(most, initial);
  if (min <= initial && initial <= max) return Object.freeze({ initial, min, max });
  throw new ServiceError(
    'InvalidArgument',
    `server.concurrency is initial ${initial}, min ${min}, max ${max}; initial must lie between the other two`,
    { executed: 'no' },
  );
}

function fixedAt(limit: number): ResolvedConcurrencyOptions {
  return Object.freeze({ initial: limit, min: limit, max: limit });
}
