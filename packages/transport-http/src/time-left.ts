import { ServiceError } from '@tenon/contract';

/** Tenon's header for the time left: milliseconds in decimal, with at most three digits after the point. */
export const timeLeftHeader = 'tenon-timeout-ms';

/**
 * Reads the time left in milliseconds from {@link timeLeftHeader}; `Infinity` where there is none.
 *
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`, for anything but a decimal number.
 */
export function readMilliseconds(text: string | undefined): number {
  return text === undefined
    ? Number.POSITIVE_INFINITY
    : Number(decimal(timeLeftHeader, text, /^\d{1,20}(\.\d{1,3})?$/));
}

/**
 * Reads the time left from go-micro's `Timeout`, an unsigned number of nanoseconds that may be larger than 2^53, as
 * milliseconds; `Infinity` where there is none.
 *
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`, for anything but a decimal number.
 */
export function readNanoseconds(text: string | undefined): number {
  if (text === undefined || text === '') return Number.POSITIVE_INFINITY;
  return Number(BigInt(decimal('timeout', text, /^\d{1,20}$/)) / 1_000n) / 1_000;
}

/** The time left as it is sent: to the microsecond, rounded down, so that no hop of a chain has more than the one before. */
export function milliseconds(leftMs: number): string {
  return String(Math.floor(leftMs * 1_000) / 1_000);
}

/** The time left as go-micro reads it. */
export function nanoseconds(leftMs: number): string {
  return (BigInt(Math.ceil(leftMs * 1_000)) * 1_000n).toString();
}

function decimal(name: string, text: string, form: RegExp): string {
  if (form.test(text)) return text;
  throw new ServiceError('InvalidArgument', `header ${name} is ${JSON.stringify(text)}; it must be a decimal number`, {
    executed: 'no',
  });
}
