import { describe, expect, test } from 'vitest';
import { resolveNatsInboxOptions } from './nats-inbox-options.js';

describe('options', () => {
  test('have defaults, and are copied and frozen', () => {
    const servers = ['nats://nats-1:4222/', 'tls://[::1]'];
    const resolved = resolveNatsInboxOptions({ servers });
    servers.push('nats-2');
    expect(resolved).toEqual({
      servers: ['nats-1:4222', '[::1]'],
      credentials: {},
      tls: {},
      bucket: 'tenon-inbox',
      keepMs: 86_400_000,
      replicas: 1,
      connectTimeoutMs: 1_500,
      answerTimeoutMs: 2_000,
      pingIntervalMs: 10_000,
    });
    expect([resolved, resolved.servers, resolved.credentials].every(Object.isFrozen)).toBe(true);
  });

  test('say who we are as the client wants it', () => {
    expect(resolveNatsInboxOptions({ username: 'ada', password: 'x' }).credentials).toEqual({ user: 'ada', pass: 'x' });
    expect(resolveNatsInboxOptions({ token: 't' }).credentials).toEqual({ token: 't' });
    expect(resolveNatsInboxOptions({ tls: { ca: 'a', cert: 'c', key: 'k' } }).tls).toEqual({
      ca: 'a',
      cert: 'c',
      key: 'k',
    });
  });

  test.each([
    [{ servers: [] }, 'natsInbox.servers must name at least one'],
    [{ servers: ['nats://ada:secret@nats-1'] }, 'natsInbox.servers has "nats://…@nats-1"'],
    [{ username: 'ada' }, 'natsInbox.username and password go together'],
    [{ username: 'ada', password: 'x', token: 't' }, 'natsInbox.token and username exclude each other'],
    [{ tls: { cert: 'c' } }, 'natsInbox.tls.cert and tls.key go together'],
    [{ bucket: 'a.b' }, 'natsInbox.bucket is "a.b"'],
    [{ bucket: '' }, 'natsInbox.bucket is ""'],
    [{ keepMs: 59_999 }, 'natsInbox.keepMs is 59999; it must be a whole number from 60000 to 31536000000'],
    [{ replicas: 6 }, 'natsInbox.replicas is 6'],
    [{ connectTimeoutMs: 2_001 }, 'natsInbox.connectTimeoutMs is 2001'],
    [{ answerTimeoutMs: 49 }, 'natsInbox.answerTimeoutMs is 49'],
    [{ pingIntervalMs: 99 }, 'natsInbox.pingIntervalMs is 99'],
  ])('%j is refused by name', (options, message) => {
    expect(() => resolveNatsInboxOptions(options)).toThrow(message);
  });
});
