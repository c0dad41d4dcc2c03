import { describe, expect, it } from 'vitest';
import { type NatsLinkOptions, resolveNatsLink } from './nats-link-options.js';

describe('the options of a connection that is made again', () => {
  it('are those of a connection, and have the documented defaults', () => {
    const resolved = resolveNatsLink('owner', { servers: ['tls://a:1'] });
    expect(resolved).toEqual({
      servers: ['a:1'],
      credentials: {},
      tls: {},
      connectTimeoutMs: 1_500,
      pingIntervalMs: 10_000,
      name: 'tenon',
      reconnect: { baseMs: 100, factor: 2, maxMs: 1_000, jitter: 1 },
    });
    expect([resolved, resolved.reconnect].every(Object.isFrozen)).toBe(true);
  });

  it('are filled field by field', () => {
    const { reconnect, name } = resolveNatsLink('owner', { name: 'mailer', reconnect: { maxMs: 300 } });
    expect([name, reconnect]).toEqual(['mailer', { baseMs: 100, factor: 2, maxMs: 300, jitter: 1 }]);
  });

  it.each<[NatsLinkOptions, string]>([
    [{ servers: [] }, 'owner.servers must name at least one server'],
    [{ name: '' }, 'owner.name must have 1 to 128 characters'],
    [{ name: 'x'.repeat(129) }, 'owner.name must have 1 to 128 characters'],
    [{ reconnect: { baseMs: 0 } }, 'owner.reconnect.baseMs is 0; it must be a whole number from 1 to 60000'],
    [{ reconnect: { factor: 0.5 } }, 'owner.reconnect.factor is 0.5; it must be a number from 1 to 10'],
    [{ reconnect: { maxMs: 60_001 } }, 'owner.reconnect.maxMs is 60001'],
    [{ reconnect: { jitter: 1.5 } }, 'owner.reconnect.jitter is 1.5; it must be a number from 0 to 1'],
  ])('%j is refused by name', (options, message) => {
    expect(() => resolveNatsLink('owner', options)).toThrow(
      expect.objectContaining({ code: 'InvalidArgument', message: expect.stringContaining(message) }),
    );
  });
});
