import { expect, test } from 'vitest';
import { type NatsRegistryOptions, resolveNatsRegistryOptions } from './nats-registry-options.js';
import { natsRegistry } from './nats-registry-provider.js';

test('the defaults are go-micro’s subjects and wait', () => {
  expect(resolveNatsRegistryOptions()).toEqual({
    servers: ['127.0.0.1:4222'],
    credentials: {},
    tls: undefined,
    querySubject: 'micro.nats.query',
    watchSubject: 'micro.nats.watch',
    queryWaitMs: 100,
    foreignTtlMs: 90_000,
    connectTimeoutMs: 1_500,
    pingIntervalMs: 5_000,
    backoff: { baseMs: 500, factor: 1.6, maxMs: 4_000, jitter: 0.5 },
  });
});

test.each<[NatsRegistryOptions, RegExp]>([
  [{ servers: [] }, /natsRegistry.servers must name/],
  [{ querySubject: 'a.>' }, /querySubject is "a.>"; it must be a subject without wildcards/],
  [{ queryWaitMs: 5 }, /natsRegistry.queryWaitMs is 5; .* from 10 to 10000/],
  [{ foreignTtlMs: 1 }, /foreignTtlMs is 1/],
  [{ backoff: { factor: 0 } }, /backoff.factor is 0/],
])('%j is InvalidArgument that names it', (options, message) => {
  expect(() => natsRegistry(options)).toThrow(
    expect.objectContaining({ code: 'InvalidArgument', message: expect.stringMatching(message) }),
  );
});
