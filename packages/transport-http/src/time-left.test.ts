import { expect, test } from 'vitest';
import { milliseconds, nanoseconds, readMilliseconds, readNanoseconds } from './time-left.js';

test('milliseconds go to the microsecond, and are never more than what is left', () => {
  expect([milliseconds(0.1), milliseconds(5_000), milliseconds(4_999.999_9)]).toEqual(['0.1', '5000', '4999.999']);
  expect([readMilliseconds('5000'), readMilliseconds('0.125')]).toEqual([5_000, 0.125]);
});

test('nanoseconds are exact beyond 2^53', () => {
  expect(nanoseconds(5_000)).toBe('5000000000');
  expect(nanoseconds(365 * 24 * 3_600 * 1_000)).toBe('31536000000000000');
  expect(readNanoseconds('31536000000000001')).toBe(365 * 24 * 3_600 * 1_000);
  expect(readNanoseconds('18446744073709551615')).toBeCloseTo(18_446_744_073_709.55, 1);
  expect(readNanoseconds('1500')).toBe(0.001);
});

test('no time named is no limit', () => {
  expect([readMilliseconds(undefined), readNanoseconds(undefined)]).toEqual([Infinity, Infinity]);
});

test.each(['', ' 1', '-1', '+1', '1.2345', '.5', '1.', '1e3', '0x1', '1, 2', '9'.repeat(21)])(
  '%j is refused',
  (text) => {
    expect(() => readMilliseconds(text)).toThrow(/tenon-timeout-ms/);
    if (text !== '') expect(() => readNanoseconds(text)).toThrow(/timeout/);
  },
);
