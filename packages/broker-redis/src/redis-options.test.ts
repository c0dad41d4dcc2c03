import { rejectsWith } from '@tenon/conformance';
import { describe, expect, it } from 'vitest';
import { type RedisOptions, resolveRedisOptions } from './redis-options.js';

describe('options', () => {
  it('are filled with the documented defaults', () => {
    expect(resolveRedisOptions()).toEqual({
      servers: ['127.0.0.1:6379'],
      credentials: {},
      db: 0,
      tls: undefined,
      prefix: 'tenon',
      name: 'tenon',
      delivery: 'atMostOnce',
      outlives: 'publisher',
      streams: { maxAgeMs: 604_800_000, maxLength: Number.POSITIVE_INFINITY, duplicateWindowMs: 120_000 },
      connectTimeoutMs: 1_500,
      pingIntervalMs: 10_000,
      maxMessageBytes: 1_024 ** 2,
      maxPendingBytes: 16 * 1_024 ** 2,
      maxPendingMs: 10_000,
      maxWaitingMessages: 65_536,
      maxWaitingBytes: 64 * 1_024 ** 2,
      reconnect: { baseMs: 100, factor: 2, maxMs: 1_000, jitter: 1 },
      rejoinMs: 1_500,
    });
  });

  it('are copied and frozen', () => {
    const servers = ['redis-1:6379'];
    const resolved = resolveRedisOptions({ servers });
    servers.push('redis-2:6379');
    expect(resolved.servers).toEqual(['redis-1:6379']);
    expect([resolved, resolved.servers, resolved.reconnect, resolved.streams].every(Object.isFrozen)).toBe(true);
  });

  it('take servers with and without scheme, port and brackets, and TLS from the scheme', () => {
    const servers = ['redis://a:1', 'b', '[::1]:6379', 'redis://c.example.org/'];
    expect(resolveRedisOptions({ servers })).toMatchObject({
      servers: ['a:1', 'b', '[::1]:6379', 'c.example.org'],
      tls: undefined,
    });
    expect(resolveRedisOptions({ servers: ['rediss://a:1'] })).toMatchObject({ servers: ['a:1'], tls: {} });
  });

  const refused: readonly (readonly [RedisOptions, RegExp])[] = [
    [{ servers: [] }, /servers must name at least one/],
    [{ servers: ['http://a:1'] }, /servers has "http:/],
    [{ servers: ['a:70000'] }, /servers has "a:70000"/],
    [{ servers: ['redis://a:1/2'] }, /the database as db/],
    [{ connectTimeoutMs: 2_001 }, /redisBroker\.connectTimeoutMs is 2001/],
    [{ db: -1 }, /redisBroker\.db/],
    [{ pingIntervalMs: 0 }, /pingIntervalMs/],
    [{ maxMessageBytes: 1 }, /maxMessageBytes/],
    [{ maxPendingBytes: 0 }, /maxPendingBytes/],
    [{ maxPendingMs: 0 }, /maxPendingMs/],
    [{ maxWaitingMessages: 0.5 }, /maxWaitingMessages/],
    [{ maxWaitingBytes: -1 }, /maxWaitingBytes/],
    [{ reconnect: { jitter: 1.5 } }, /redisBroker\.reconnect\.jitter is 1\.5/],
    [{ rejoinMs: -1 }, /rejoinMs/],
    [{ streams: { maxAgeMs: 1 } }, /redisBroker\.streams\.maxAgeMs/],
    [{ streams: { maxLength: 0 } }, /redisBroker\.streams\.maxLength/],
    [{ streams: { duplicateWindowMs: 1 } }, /redisBroker\.streams\.duplicateWindowMs/],
    [{ username: 'ada' }, /username wants a password/],
    [{ tls: { cert: 'c' } }, /tls\.cert and tls\.key/],
    [{ prefix: 'a/b' }, /prefix is "a\/b"/],
    [{ prefix: 'a*' }, /prefix is "a\*"/],
    [{ name: 'two words' }, /name is "two words"/],
    [{ delivery: 'exactlyOnce' as 'atMostOnce' }, /delivery is "exactlyOnce"/],
    [{ outlives: 'everything' as 'broker' }, /outlives is "everything"/],
  ];
  for (const [options, text] of refused) {
    it(`that are wrong are refused by name: ${text.source}`, async () => {
      const failure = await rejectsWith(async () => resolveRedisOptions(options), 'InvalidArgument');
      expect(failure.message).toMatch(text);
    });
  }

  it('never print a password that was written into an address', async () => {
    const servers = ['redis://:secret@host:6379'];
    const failure = await rejectsWith(async () => resolveRedisOptions({ servers }), 'InvalidArgument');
    expect(failure.message).toContain('redis://…@host:6379');
    expect(failure.message).not.toContain('secret');
  });
});
