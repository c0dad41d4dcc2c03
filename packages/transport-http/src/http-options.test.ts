import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type HttpOptions, resolveHttpOptions } from './http-options.js';

test('options are filled, and frozen', () => {
  const resolved = resolveHttpOptions({});
  expect(resolved).toEqual({
    maxSockets: 256,
    maxIdleMs: 30_000,
    connectTimeoutMs: 2_000,
    pingMs: 10_000,
    pingTimeoutMs: 4_000,
    maxMessageBytes: 4 * 1_024 * 1_024,
    contentType: undefined,
  });
  expect(Object.isFrozen(resolved)).toBe(true);
  expect(resolved.pingMs + resolved.pingTimeoutMs).toBeLessThan(15_000);
});

test.each(['maxSockets', 'maxIdleMs', 'connectTimeoutMs', 'pingMs', 'pingTimeoutMs', 'maxMessageBytes'] as const)(
  '%s is checked by name',
  (key) => {
    const options: HttpOptions = { [key]: 0 };
    expect(() => resolveHttpOptions(options)).toThrow(`httpTransport.${key} is 0`);
  },
);

test('the table of the README has the defaults that are used', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const resolved = resolveHttpOptions({});
  const keys = ['maxSockets', 'maxIdleMs', 'connectTimeoutMs', 'pingMs', 'pingTimeoutMs', 'maxMessageBytes'] as const;
  for (const key of keys) {
    const shown = new RegExp(`\\| \`${key}\` \\| ([\\d,]+)`).exec(readme)?.[1]?.replaceAll(',', '');
    expect([key, Number(shown)]).toEqual([key, resolved[key]]);
  }
});
