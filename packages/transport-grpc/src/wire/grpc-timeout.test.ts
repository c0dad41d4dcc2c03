import { expect, test } from 'vitest';
import { readTimeout, writeTimeout } from './grpc-timeout.js';

test.each([
  ['2H', 7_200_000],
  ['3M', 180_000],
  ['4S', 4_000],
  ['500m', 500],
  ['250u', 0.25],
  ['1000n', 0.001],
  ['99999999m', 99_999_999],
  ['0m', 0],
  [undefined, Number.POSITIVE_INFINITY],
])('%s is %d ms', (text, expected) => {
  expect(readTimeout(text)).toBeCloseTo(expected, 9);
});

test.each(['', 'm', '5', '5x', '-1m', '1.5S', ' 1m', '123456789m', '1 m', '1m ', '٣m'])('%j is no timeout', (text) => {
  expect(readTimeout(text)).toBeNaN();
});

test.each([
  [0.000_1, '1u'],
  [0.25, '250u'],
  [1_500.5, '1500500u'],
  [99_999.999, '99999999u'],
  [100_000, '100000m'],
  [1_800_000, '1800000m'],
  [100_000_000, '100000S'],
  [200_000_000_000, '3333333M'],
  [1e13, '2777777H'],
  [Number.MAX_VALUE, '99999999H'],
])('%d ms are sent as %s', (leftMs, expected) => {
  expect(writeTimeout(leftMs)).toBe(expected);
});

test('what is sent is never more than what is left, but for less than a microsecond', () => {
  for (let exponent = -2; exponent < 12; exponent += 0.37) {
    const leftMs = 10 ** exponent;
    expect(readTimeout(writeTimeout(leftMs))).toBeLessThanOrEqual(leftMs);
    expect(readTimeout(writeTimeout(leftMs))).toBeGreaterThan(leftMs * 0.9);
  }
});
