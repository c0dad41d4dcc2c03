import { expect, test } from 'vitest';
import { type EurekaOptions, resolveEurekaOptions } from './eureka-options.js';

test('everything has a default', () => {
  expect(resolveEurekaOptions({})).toMatchObject({
    zones: [['http://127.0.0.1:8761/eureka']],
    zone: 'default',
    headers: {},
    fetchIntervalMs: 5_000,
    restoreGraceMs: 60_000,
  });
});

test('our own zone comes first', () => {
  const zones = { a: ['http://a/eureka'], b: ['https://b-1/eureka/v2/', 'http://b-2/eureka'] };
  expect(resolveEurekaOptions({ zones, zone: 'b' })).toMatchObject({
    zones: [['https://b-1/eureka/v2', 'http://b-2/eureka'], ['http://a/eureka']],
    zone: 'b',
  });
  expect(resolveEurekaOptions({ zones }).zone).toBe('a');
});

test.each<[EurekaOptions, string]>([
  [{ zones: {} }, 'zones is empty'],
  [{ zones: { a: [] } }, 'zones.a is empty'],
  [{ zones: { a: ['eureka:8761'] } }, 'zones.a has "eureka:8761"'],
  [{ zones: { a: ['http://u:p@eureka'] } }, 'zones.a has'],
  [{ zones: { a: ['http://a'] }, zone: 'c' }, 'zone is "c"'],
  [{ username: 'ada' }, 'username and password'],
  [{ fetchIntervalMs: 99 }, 'fetchIntervalMs is 99'],
  [{ avoidMs: -1 }, 'avoidMs is -1'],
  [{ restoreGraceMs: 600_001 }, 'restoreGraceMs is 600001'],
  [{ watchBackoff: { factor: 0 } }, 'eurekaRegistry.watchBackoff.factor is 0'],
  [{ tls: { key: 'x' } }, 'tls.cert and tls.key'],
])('%j is InvalidArgument that names what is wrong', (options, named) => {
  const error = { code: 'InvalidArgument', message: expect.stringContaining(named) };
  expect(() => resolveEurekaOptions(options)).toThrow(expect.objectContaining(error));
});
