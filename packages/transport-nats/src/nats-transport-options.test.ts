import { expect, test } from 'vitest';
import { type NatsTransportOptions, resolveNatsTransportOptions } from './nats-transport-options.js';

test('has a default for everything', () => {
  expect(resolveNatsTransportOptions()).toEqual({
    servers: ['127.0.0.1:4222'],
    credentials: {},
    tls: undefined,
    name: 'tenon',
    subjectPrefix: 'tenon',
    inboxPrefix: '_INBOX',
    micro: true,
    queueGroup: 'q',
    connectTimeoutMs: 1_500,
    pingIntervalMs: 10_000,
    signIntervalMs: 5_000,
    reconnect: { baseMs: 100, factor: 2, maxMs: 1_000, jitter: 1 },
  });
});

test.each([
  [{ servers: [] }, /natsTransport\.servers must name/],
  [{ name: '' }, /natsTransport\.name/],
  [{ subjectPrefix: 'a.>' }, /natsTransport\.subjectPrefix is "a\.>"/],
  [{ inboxPrefix: 'a b' }, /natsTransport\.inboxPrefix/],
  [{ queueGroup: '' }, /natsTransport\.queueGroup/],
  [{ micro: 'yes' }, /natsTransport\.micro is "yes"/],
  [{ connectTimeoutMs: 10 }, /natsTransport\.connectTimeoutMs/],
  [{ signIntervalMs: 0 }, /natsTransport\.signIntervalMs/],
  [{ reconnect: { baseMs: 0 } }, /natsTransport\.reconnect\.baseMs/],
])('refuses %j and says which option it is', (options, message) => {
  expect(() => resolveNatsTransportOptions(options as NatsTransportOptions)).toThrow(message);
});
