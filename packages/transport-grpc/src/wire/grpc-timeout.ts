/**
 * Reads `grpc-timeout`: one to eight digits and a unit, as milliseconds; `Infinity` where there is none, `NaN` for anything else.
 *
 * Source: gRPC over HTTP2, "Timeout".
 */
export function readTimeout(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const digits = text.length - 1;
  const unit = unitMs[text.charAt(digits)];
  if (unit === undefined || digits < 1 || digits > maxDigits) return Number.NaN;
  let value = 0;
  for (let index = 0; index < digits; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value * unit;
}

/**
 * The time left as it is sent, in the finest unit that has room for it, rounded down, so that no hop of a chain has more than the
 * one before. Time that is left is never sent as none.
 *
 * @param leftMs - more than 0, and finite.
 */
export function writeTimeout(leftMs: number): string {
  for (const [unit, ms] of finestFirst) {
    const value = Math.floor(leftMs / ms);
    if (value < beyondDigits) return `${Math.max(1, value)}${unit}`;
  }
  return `${beyondDigits - 1}H`;
}

const unitMs: Readonly<Record<string, number>> = Object.freeze({
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
});
const finestFirst = [
  ['u', 0.001],
  ['m', 1],
  ['S', 1_000],
  ['M', 60_000],
  ['H', 3_600_000],
] as const;
const maxDigits = 8;
const beyondDigits = 10 ** maxDigits;
