import { expect, test } from 'vitest';
import { jsonText } from './output.js';

test('anything that a codec gives can be printed', () => {
  expect(jsonText({ large: 2n ** 60n, bytes: new Uint8Array([1, 2]), at: new Date(0) })).toBe(
    '{"large":"1152921504606846976","bytes":"AQI=","at":"1970-01-01T00:00:00.000Z"}',
  );
  expect(jsonText(undefined)).toBe('null');
});
