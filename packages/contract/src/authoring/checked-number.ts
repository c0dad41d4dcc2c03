import { ServiceError } from '../service-error.js';

/** What a number in an options object may be. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** What stands in for an absent value. */
  readonly fallback: number;
  /** Default true. */
  readonly integer?: boolean;
}

/**
 * One number of an options object, filled and checked.
 *
 * @param name - as the user wrote it, with its owner: `etcdRegistry.ttlMs`.
 * @throws ServiceError `InvalidArgument` that names the option, its value and its range.
 */
export function checkedNumber(name: string, value: number | undefined, range: NumberRange): number {
  if (value === undefined) return range.fallback;
  const fits = typeof value === 'number' && value >= range.min && value <= range.max;
  if (fits && (range.integer === false || Number.isInteger(value) || value === Number.POSITIVE_INFINITY)) return value;
  const kind = range.integer === false ? 'a number' : 'a whole number';
  throw new ServiceError(
    'InvalidArgument',
    `${name} is ${String(value)}; it must be ${kind} from ${range.min} to ${range.max}`,
    { executed: 'no' },
  );
}
