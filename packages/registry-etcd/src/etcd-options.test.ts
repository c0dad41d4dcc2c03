import { expect, it } from 'vitest';
import { type EtcdOptions, resolveEtcdOptions } from './etcd-options.js';

it('fills every default', () => {
  expect(resolveEtcdOptions({})).toEqual({
    endpoints: ['127.0.0.1:2379'],
    prefix: '/micro/registry/',
    credentials: undefined,
    tls: undefined,
    callTimeoutMs: 5_000,
    connectTimeoutMs: 1_500,
    relistIntervalMs: 60_000,
    silenceTimeoutMs: 10_000,
    restoreGraceMs: 10_000,
    reads: 'linearizable',
    backoff: { baseMs: 500, factor: 1.6, maxMs: 4_000, jitter: 0.5 },
    watchBackoff: { baseMs: 1_200, factor: 1.6, maxMs: 120_000, jitter: 1 / 3 },
  });
});

it('refuses a user in an endpoint, and does not repeat the password', () => {
  for (const endpoint of ['root:secret@etcd-1:2379', 'https://root:secret@etcd-1:2379']) {
    const refusal = () => resolveEtcdOptions({ endpoints: [endpoint] });
    expect(refusal).toThrow(/etcdRegistry.endpoints has a user in an endpoint/);
    expect(refusal).not.toThrow(/secret/);
  }
});

it('copies and freezes what it was given', () => {
  const endpoints = ['etcd-1:2379'];
  const resolved = resolveEtcdOptions({ endpoints, backoff: { baseMs: 100 } });
  endpoints.push('etcd-2:2379');
  expect(resolved.endpoints).toEqual(['etcd-1:2379']);
  expect(resolved.backoff).toEqual({ baseMs: 100, factor: 1.6, maxMs: 4_000, jitter: 0.5 });
  for (const part of [resolved, resolved.endpoints, resolved.backoff]) expect(Object.isFrozen(part)).toBe(true);
});

it('takes endpoints with and without a scheme, and https as a wish for TLS', () => {
  expect(resolveEtcdOptions({ endpoints: ['http://a:1', 'b:2', '[::1]:3'] })).toMatchObject({
    endpoints: ['a:1', 'b:2', '[::1]:3'],
    tls: undefined,
  });
  expect(resolveEtcdOptions({ endpoints: ['https://a:1'] })).toMatchObject({ endpoints: ['a:1'], tls: {} });
});

const refused: readonly (readonly [EtcdOptions, string])[] = [
  [{ endpoints: [] }, 'endpoints'],
  [{ endpoints: ['etcd'] }, '"etcd"'],
  [{ endpoints: ['ftp://etcd:1'] }, '"ftp://etcd:1"'],
  [{ endpoints: ['https://a:1', 'b:1'] }, 'endpoints'],
  [{ endpoints: ['http://a:1'], tls: {} }, 'tls'],
  [{ tls: { cert: 'x' } }, 'tls.cert'],
  [{ prefix: '/micro' }, '"/micro"'],
  [{ prefix: '/' }, 'prefix'],
  [{ username: 'root' }, 'password'],
  [{ password: 'secret' }, 'username'],
  [{ username: '', password: 'secret' }, 'username'],
  [{ callTimeoutMs: 99 }, 'callTimeoutMs is 99'],
  [{ connectTimeoutMs: 2_001 }, 'connectTimeoutMs is 2001'],
  [{ relistIntervalMs: 0 }, 'relistIntervalMs is 0'],
  [{ silenceTimeoutMs: Number.NaN }, 'silenceTimeoutMs is NaN'],
  [{ restoreGraceMs: -1 }, 'restoreGraceMs is -1'],
  [{ reads: 'stale' as 'serializable' }, 'reads is "stale"'],
  [{ backoff: { baseMs: 1 } }, 'backoff.baseMs is 1'],
  [{ backoff: { factor: 0.5 } }, 'backoff.factor is 0.5'],
  [{ backoff: { maxMs: 120_001 } }, 'backoff.maxMs is 120001'],
  [{ backoff: { jitter: 2 } }, 'backoff.jitter is 2'],
];

it.each(refused)('refuses %j by name', (options, named) => {
  expect(() => resolveEtcdOptions(options)).toThrow(
    expect.objectContaining({ code: 'InvalidArgument', executed: 'no', message: expect.stringContaining(named) }),
  );
});

it('never repeats a password in an error', () => {
  expect(() => resolveEtcdOptions({ password: 'hunter2' })).not.toThrow(/hunter2/);
});
