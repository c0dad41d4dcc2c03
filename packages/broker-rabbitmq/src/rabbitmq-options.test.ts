import { rejectsWith } from '@tenon/conformance';
import { describe, expect, it } from 'vitest';
import { type RabbitmqOptions, resolveRabbitmqOptions } from './rabbitmq-options.js';

describe('options', () => {
  it('are filled with the documented defaults', () => {
    expect(resolveRabbitmqOptions()).toEqual({
      servers: [{ host: '127.0.0.1', port: 5_672 }],
      username: 'guest',
      password: 'guest',
      vhost: '/',
      tls: undefined,
      delivery: 'atMostOnce',
      exchange: 'micro',
      exchangeIsDurable: false,
      durableExchange: 'tenon',
      queueNaming: 'topic',
      name: 'tenon',
      connectTimeoutMs: 1_500,
      heartbeatMs: 10_000,
      maxPendingBytes: 16 * 1_024 ** 2,
      maxPendingMs: 10_000,
      maxMessageBytes: 16 * 1_024 ** 2,
      maxWaitingMessages: 65_536,
      maxWaitingBytes: 64 * 1_024 ** 2,
      reconnect: { baseMs: 100, factor: 2, maxMs: 1_000, jitter: 1 },
      rejoinMs: 1_500,
    });
  });

  it('are copied and frozen', () => {
    const servers = ['rabbit-1:5672'];
    const resolved = resolveRabbitmqOptions({ servers });
    servers.push('rabbit-2:5672');
    expect(resolved.servers).toEqual([{ host: 'rabbit-1', port: 5_672 }]);
    expect([resolved, resolved.servers, resolved.reconnect].every(Object.isFrozen)).toBe(true);
  });

  it('take servers with and without scheme, port and brackets, and TLS from the scheme', () => {
    const servers = ['amqp://a:1', 'b', '[::1]:5672', 'amqp://c.example.org/'];
    expect(resolveRabbitmqOptions({ servers })).toMatchObject({
      servers: [
        { host: 'a', port: 1 },
        { host: 'b', port: undefined },
        { host: '::1', port: 5_672 },
        { host: 'c.example.org', port: undefined },
      ],
      tls: undefined,
    });
    expect(resolveRabbitmqOptions({ servers: ['amqps://a:1'] })).toMatchObject({ tls: {} });
  });

  const refused: readonly (readonly [RabbitmqOptions, RegExp])[] = [
    [{ servers: [] }, /servers must name at least one/],
    [{ servers: ['http://a:1'] }, /servers has "http:/],
    [{ servers: ['a:0'] }, /servers has "a:0"/],
    [{ servers: ['a:1/vhost'] }, /username, password and vhost/],
    [{ username: 'ada' }, /username and password go together/],
    [{ vhost: '' }, /vhost must have 1 to 255/],
    [{ tls: { cert: 'c' } }, /tls\.cert and tls\.key/],
    [{ delivery: 'exactlyOnce' as never }, /delivery is "exactlyOnce"/],
    [{ exchange: 'amq.topic' }, /exchange is "amq\.topic"/],
    [{ durableExchange: 'a b' }, /durableExchange is "a b"/],
    [{ exchange: 'tenon' }, /must be two/],
    [{ exchangeIsDurable: 1 as never }, /exchangeIsDurable/],
    [{ queueNaming: 'kafka' as never }, /queueNaming is "kafka"/],
    [{ name: '' }, /name must have/],
    [{ connectTimeoutMs: 2_001 }, /rabbitmqBroker\.connectTimeoutMs is 2001/],
    [{ heartbeatMs: 999 }, /heartbeatMs/],
    [{ maxPendingBytes: 0 }, /maxPendingBytes/],
    [{ maxPendingMs: 0 }, /maxPendingMs/],
    [{ maxMessageBytes: 0 }, /maxMessageBytes/],
    [{ maxWaitingMessages: 0.5 }, /maxWaitingMessages/],
    [{ maxWaitingBytes: -1 }, /maxWaitingBytes/],
    [{ reconnect: { jitter: 1.5 } }, /rabbitmqBroker\.reconnect\.jitter is 1\.5/],
    [{ rejoinMs: -1 }, /rejoinMs/],
  ];
  for (const [options, reason] of refused) {
    it(`are refused: ${JSON.stringify(options)}`, async () => {
      const failure = await rejectsWith(async () => resolveRabbitmqOptions(options), 'InvalidArgument');
      expect(failure.rawMessage).toMatch(reason);
    });
  }

  it('never show a password that somebody wrote into an address', async () => {
    const servers = ['amqp://ada:secret@a:1'];
    const failure = await rejectsWith(async () => resolveRabbitmqOptions({ servers }), 'InvalidArgument');
    expect(failure.message).not.toContain('secret');
  });
});
