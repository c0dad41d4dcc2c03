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

  test.each([
    [{ servers: [] }, 'natsInbox.servers must name at least one'],
    [{ bucket: 'a.b' }, 'natsInbox.bucket is "a.b"'],
    [{ bucket: '' }, 'natsInbox.bucket is ""'],
    [{ keepMs: 59_999 }, 'natsInbox.keepMs is 59999; it must be a whole number from 60000 to 31536000000'],
    [{ replicas: 6 }, 'natsInbox.replicas is 6'],
    [{ connectTimeoutMs: 2_001 }, 'natsInbox.connectTimeoutMs is 2001'],
    [{ answerTimeoutMs: 49 }, 'natsInbox.answerTimeoutMs is 49'],
  ])('%j is refused by name', (options, message) => {
    expect(() => resolveNatsInboxOptions(options)).toThrow(message);
  });
});
