import { rejectsWith } from '@tenon/conformance';
import { describe, expect, it } from 'vitest';
import { type NatsConnectionOptions, resolveNatsConnection } from './nats-connection-options.js';

const resolved = (options: NatsConnectionOptions = {}) => resolveNatsConnection('owner', options);

describe('the options of a connection', () => {
  it('are filled with the documented defaults', () => {
    expect(resolved()).toEqual({
      servers: ['127.0.0.1:4222'],
      credentials: {},
      tls: undefined,
      connectTimeoutMs: 1_500,
      pingIntervalMs: 10_000,
    });
    expect(resolveNatsConnection('owner', {}, 5_000).pingIntervalMs).toBe(5_000);
    expect(resolveNatsConnection('owner', { pingIntervalMs: 100 }, 5_000).pingIntervalMs).toBe(100);
  });

  it('are copied and frozen', () => {
    const servers = ['nats-1:4222'];
    const { credentials, tls, ...rest } = resolved({ servers, token: 't', tls: { ca: 'a' } });
    servers.push('nats-2:4222');
    expect(rest.servers).toEqual(['nats-1:4222']);
    expect([resolved(), rest.servers, credentials, tls].every(Object.isFrozen)).toBe(true);
  });

  it('take servers with and without scheme, port and brackets, and TLS from the scheme', () => {
    const servers = ['nats://a:1', 'b', '[::1]:4222', 'nats://c.example.org/'];
    expect(resolved({ servers })).toMatchObject({
      servers: ['a:1', 'b', '[::1]:4222', 'c.example.org'],
      tls: undefined,
    });
    expect(resolved({ servers: ['a', 'tls://b:1'] })).toMatchObject({ servers: ['a', 'b:1'], tls: {} });
  });

  it('say who we are as the client wants it', () => {
    expect(resolved({ username: 'ada', password: 'x' }).credentials).toEqual({ user: 'ada', pass: 'x' });
    expect(resolved({ token: 't' }).credentials).toEqual({ token: 't' });
    const tls = { ca: 'a', cert: 'c', key: 'k' };
    expect(resolved({ tls }).tls).toEqual(tls);
    expect(resolved({ tls: { ca: undefined } }).tls).toEqual({});
  });

  it.each<[NatsConnectionOptions, string]>([
    [{ servers: [] }, 'owner.servers must name at least one server, as host:port'],
    [{ servers: 'a:1' as unknown as string[] }, 'owner.servers must name at least one server'],
    [{ servers: ['ws://a:1'] }, 'owner.servers has "ws://a:1"; write host:port'],
    [{ servers: ['a:1\r\nPUB x 0'] }, 'write host:port'],
    [{ servers: [4222 as unknown as string] }, 'owner.servers has "4222"'],
    [{ username: 'ada' }, 'owner.username and password go together'],
    [{ password: 'x' }, 'owner.username and password go together'],
    [{ username: 'ada', password: 'x', token: 't' }, 'owner.token and username exclude each other'],
    [{ tls: { cert: 'c' } }, 'owner.tls.cert and tls.key go together'],
    [{ tls: { key: 'k' } }, 'owner.tls.cert and tls.key go together'],
    [{ connectTimeoutMs: 49 }, 'owner.connectTimeoutMs is 49; it must be a whole number from 50 to 2000'],
    [{ connectTimeoutMs: 2_001 }, 'owner.connectTimeoutMs is 2001'],
    [{ pingIntervalMs: 99 }, 'owner.pingIntervalMs is 99; it must be a whole number from 100 to 120000'],
    [{ pingIntervalMs: Number.NaN }, 'owner.pingIntervalMs is NaN'],
  ])('%j is refused by name', async (options, message) => {
    const failure = await rejectsWith(async () => resolved(options), 'InvalidArgument');
    expect(failure.executed).toBe('no');
    expect(failure.message).toContain(message);
  });

  it('never print a password that was written into an address', async () => {
    const servers = ['nats://ada:secret@host:4222'];
    const failure = await rejectsWith(async () => resolved({ servers }), 'InvalidArgument');
    expect(failure.message).toContain('nats://…@host:4222');
    expect(failure.message).not.toContain('secret');
  });
});
