import { expect, test } from 'vitest';
import { goDuration } from './go-duration.js';

test.each([
  [0, '0s'],
  [250, '250ms'],
  [1_500, '1.5s'],
  [15_000, '15s'],
  [65_000, '1m5s'],
  [90_000, '1m30s'],
  [3_600_000, '1h0m0s'],
  [86_400_000, '24h0m0s'],
])('%i ms is %s', (ms, text) => {
  expect(goDuration(ms)).toBe(text);
});
