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

test('takes servers in every spelling, and TLS from one of them', () => {
  const { servers, tls } = resolveNatsTransportOptions({ servers: ['nats://a:1', 'tls://b', '[::1]:4222'] });
  expect(servers).toEqual(['a:1', 'b', '[::1]:4222']);
  expect(tls).toEqual({});
});

test.each([
  [{ servers: [] }, /natsTransport\.servers must name/],
  [{ servers: ['nats://ada:secret@a:1'] }, /natsTransport\.servers has "nats:\/\/…@a:1"/],
  [{ username: 'ada' }, /username and password go together/],
  [{ username: 'ada', password: 'x', token: 't' }, /exclude each other/],
  [{ tls: { cert: 'x' } }, /tls\.cert and tls\.key go together/],
  [{ name: '' }, /natsTransport\.name/],
  [{ subjectPrefix: 'a.>' }, /natsTransport\.subjectPrefix is "a\.>"/],
  [{ inboxPrefix: 'a b' }, /natsTransport\.inboxPrefix/],
  [{ queueGroup: '' }, /natsTransport\.queueGroup/],
  [{ micro: 'yes' }, /natsTransport\.micro is "yes"/],
  [{ connectTimeoutMs: 10 }, /natsTransport\.connectTimeoutMs/],
  [{ pingIntervalMs: Number.NaN }, /natsTransport\.pingIntervalMs/],
  [{ signIntervalMs: 0 }, /natsTransport\.signIntervalMs/],
  [{ reconnect: { baseMs: 0 } }, /natsTransport\.reconnect\.baseMs/],
])('refuses %j and says which option it is', (options, message) => {
  expect(() => resolveNatsTransportOptions(options as NatsTransportOptions)).toThrow(message);
});
