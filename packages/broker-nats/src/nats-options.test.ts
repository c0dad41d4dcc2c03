import { rejectsWith } from '@tenon/conformance';
import { describe, expect, it } from 'vitest';
import { type NatsOptions, resolveNatsOptions } from './nats-options.js';

describe('options', () => {
  it('are filled with the documented defaults', () => {
    expect(resolveNatsOptions()).toEqual({
      servers: ['127.0.0.1:4222'],
      credentials: {},
      tls: undefined,
      envelope: 'tenon',
      delivery: 'atMostOnce',
      jetStream: {
        storage: 'file',
        replicas: 1,
        maxAgeMs: 604_800_000,
        maxBytes: Number.POSITIVE_INFINITY,
        duplicateWindowMs: 120_000,
        ackTimeoutMs: 5_000,
      },
      name: 'tenon',
      connectTimeoutMs: 1_500,
      pingIntervalMs: 10_000,
      maxPendingBytes: 16 * 1_024 ** 2,
      maxPendingMs: 10_000,
      maxWaitingMessages: 65_536,
      maxWaitingBytes: 64 * 1_024 ** 2,
      reconnect: { baseMs: 100, factor: 2, maxMs: 1_000, jitter: 1 },
      rejoinMs: 1_500,
    });
  });

  it('are copied and frozen', () => {
    const servers = ['nats-1:4222'];
    const resolved = resolveNatsOptions({ servers });
    servers.push('nats-2:4222');
    expect(resolved.servers).toEqual(['nats-1:4222']);
    expect([resolved, resolved.servers, resolved.reconnect].every(Object.isFrozen)).toBe(true);
  });

  it('hold held messages back as long as a reconnect may take', () => {
    expect(resolveNatsOptions({ reconnect: { maxMs: 300 } })).toMatchObject({ rejoinMs: 800 });
    expect(resolveNatsOptions({ reconnect: { maxMs: 300 }, rejoinMs: 0 })).toMatchObject({ rejoinMs: 0 });
  });

  const refused: readonly (readonly [NatsOptions, RegExp])[] = [
    [{ servers: [] }, /natsBroker\.servers must name at least one/],
    [{ connectTimeoutMs: 2_001 }, /natsBroker\.connectTimeoutMs is 2001/],
    [{ maxPendingBytes: 0 }, /maxPendingBytes/],
    [{ maxPendingMs: 0 }, /maxPendingMs/],
    [{ maxWaitingMessages: 0.5 }, /maxWaitingMessages/],
    [{ maxWaitingBytes: -1 }, /maxWaitingBytes/],
    [{ reconnect: { jitter: 1.5 } }, /natsBroker\.reconnect\.jitter is 1\.5/],
    [{ rejoinMs: -1 }, /rejoinMs/],
    [{ envelope: 'json' as 'tenon' }, /envelope is "json"/],
    [{ name: '' }, /natsBroker\.name must have/],
  ];
  for (const [options, text] of refused) {
    it(`that are wrong are refused by name: ${text.source}`, async () => {
      const failure = await rejectsWith(async () => resolveNatsOptions(options), 'InvalidArgument');
      expect(failure.message).toMatch(text);
    });
  }
});
