import { ServiceError } from '@tenon/contract';

/** Tenon's header for the time left: milliseconds in decimal, with at most three digits after the point. */
export const timeLeftHeader = 'tenon-timeout-ms';

/**
 * Reads the time left in milliseconds from {@link timeLeftHeader}; `Infinity` where there is none.
 *
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`, for anything but a decimal number.
 */
export function readMilliseconds(text: string | undefined): number {
  const leftMs = timeLeftMs(text);
  if (Number.isNaN(leftMs)) throw noDecimal(timeLeftHeader, text ?? '');
  return leftMs;
}

/** The same, but `NaN` for anything but a decimal number. */
export function timeLeftMs(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const point = text.indexOf('.');
  const whole = digits(text, 0, point < 0 ? text.length : point, 20);
  const fraction = point < 0 ? 0 : digits(text, point + 1, text.length, 3) / 10 ** (text.length - point - 1);
  return whole + fraction;
}

/**
 * Reads the time left from go-micro's `Timeout`, an unsigned number of nanoseconds that may be larger than 2^53, as
 * milliseconds; `Infinity` where there is none.
 *
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`, for anything but a decimal number.
 */
export function readNanoseconds(text: string | undefined): number {
  if (text === undefined || text === '') return Number.POSITIVE_INFINITY;
  if (!/^\d{1,20}$/.test(text)) throw noDecimal('timeout', text);
  return Number(BigInt(text) / 1_000n) / 1_000;
}

/** The time left as it is sent: to the microsecond, rounded down, so that no hop of a chain has more than the one before. */
export function milliseconds(leftMs: number): string {
  return String(Math.floor(leftMs * 1_000) / 1_000);
}

/** The time left as go-micro reads it. */
export function nanoseconds(leftMs: number): string {
  return (BigInt(Math.ceil(leftMs * 1_000)) * 1_000n).toString();
}

/** The number that some digits are; `NaN` where they are none, or too many. Ten times as fast as a pattern and `Number`. */
function digits(text: string, start: number, end: number, max: number): number {
  if (end <= start || end - start > max) return Number.NaN;
  let value = 0;
  for (let index = start; index < end; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function noDecimal(name: string, text: string): ServiceError {
  const shown = JSON.stringify(text.slice(0, 100));
  return new ServiceError('InvalidArgument', `header ${name} is ${shown}; it must be a decimal number`, {
    executed: 'no',
  });
}
