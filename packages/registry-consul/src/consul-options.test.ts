import { expect, test } from 'vitest';
import { type ConsulOptions, resolveConsulOptions } from './consul-options.js';

test('everything has a default', () => {
  expect(resolveConsulOptions({})).toMatchObject({
    endpoint: 'http://127.0.0.1:8500',
    headers: {},
    datacenter: undefined,
    consistency: 'default',
    waitMs: 10_000,
    callTimeoutMs: 5_000,
  });
});

test('an endpoint has the scheme that is given, or that TLS asks for, and may have a path', () => {
  const at = (options: ConsulOptions) => resolveConsulOptions(options).endpoint;
  expect(at({ endpoint: 'consul:8500' })).toBe('http://consul:8500');
  expect(at({ endpoint: 'consul:8501', tls: {} })).toBe('https://consul:8501');
  expect(at({ endpoint: 'https://proxy/consul/' })).toBe('https://proxy/consul');
});

test('token, user and password become headers', () => {
  const { headers } = resolveConsulOptions({ token: 't-1', username: 'ada', password: 'x' });
  expect(headers).toEqual({ 'x-consul-token': 't-1', authorization: 'Basic YWRhOng=' });
});

test.each<[ConsulOptions, string]>([
  [{ endpoint: 'ftp://consul' }, 'endpoint'],
  [{ endpoint: 'http://user:x@consul' }, 'endpoint'],
  [{ endpoint: 'http://consul', tls: {} }, 'tls'],
  [{ username: 'ada' }, 'username and password'],
  [{ token: 'two\nlines' }, 'token'],
  [{ consistency: 'strict' as 'stale' }, 'consistency is "strict"'],
  [{ waitMs: 1 }, 'waitMs is 1'],
  [{ callTimeoutMs: 99 }, 'callTimeoutMs is 99'],
  [{ restoreGraceMs: 60_001 }, 'restoreGraceMs is 60001'],
  [{ maxAnswerBytes: 1 }, 'maxAnswerBytes is 1'],
  [{ backoff: { jitter: 2 } }, 'consulRegistry.backoff.jitter is 2'],
  [{ tls: { cert: 'x' } }, 'tls.cert and tls.key'],
])('%j is InvalidArgument that names what is wrong', (options, named) => {
  expect(() => resolveConsulOptions(options)).toThrow(
    expect.objectContaining({ code: 'InvalidArgument', message: expect.stringContaining(named) }),
  );
});

test('a token that is refused is not repeated in the error', () => {
  expect(() => resolveConsulOptions({ token: 'sec ret' })).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining('sec ret') }),
  );
});
