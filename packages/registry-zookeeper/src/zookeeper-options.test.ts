import type { Clock, Logger, Registry } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { expect, test } from 'vitest';
import { resolveZookeeperOptions, type ZookeeperOptions } from './zookeeper-options.js';
import { zookeeperRegistry } from './zookeeper-registry-provider.js';

test('the defaults', () => {
  expect(resolveZookeeperOptions({})).toEqual({
    endpoints: [{ host: '127.0.0.1', port: 2181 }],
    root: '/micro-registry',
    digest: undefined,
    access: 'world',
    reads: 'linearizable',
    sessionTimeoutMs: 15_000,
    callTimeoutMs: 5_000,
    connectTimeoutMs: 1_500,
    restoreGraceMs: 10_000,
    backoff: { baseMs: 500, factor: 1.6, maxMs: 4_000, jitter: 0.5 },
    watchBackoff: { baseMs: 1_200, factor: 1.6, maxMs: 120_000, jitter: 1 / 3 },
  });
});

test('members are written with or without a port, also as IPv6', () => {
  expect(resolveZookeeperOptions({ endpoints: ['zk-1', 'zk-2:2182', '[::1]:1'] }).endpoints).toEqual([
    { host: 'zk-1', port: 2181 },
    { host: 'zk-2', port: 2182 },
    { host: '::1', port: 1 },
  ]);
});

test.each<[ZookeeperOptions, RegExp]>([
  [{ endpoints: [] }, /endpoints must name/],
  [{ endpoints: ['http://zk:2181'] }, /endpoints has "http:\/\/zk:2181"/],
  [{ endpoints: ['zk:2181/chroot'] }, /endpoints has/],
  [{ endpoints: ['zk:0'] }, /endpoints has "zk:0"/],
  [{ root: 'micro' }, /root is "micro"/],
  [{ root: '/a/../b' }, /root is/],
  [{ username: 'ada' }, /username and password go together/],
  [{ access: 'owner' }, /access "owner" wants username/],
  [{ access: 'all' as 'world' }, /access is "all"; it must be "world" or "owner"/],
  [{ reads: 'stale' as 'local' }, /reads is "stale"; it must be "linearizable" or "local"/],
  [{ sessionTimeoutMs: 999 }, /zookeeperRegistry.sessionTimeoutMs is 999; .* from 1000 to 3600000/],
  [{ callTimeoutMs: 1 }, /callTimeoutMs is 1/],
  [{ backoff: { jitter: 2 } }, /backoff.jitter is 2/],
])('%j is InvalidArgument that names it', (options, message) => {
  expect(() => zookeeperRegistry(options)).toThrow(
    expect.objectContaining({ code: 'InvalidArgument', message: expect.stringMatching(message) }),
  );
});

test.each([
  [['127.0.0.1:2181', 'localhost', '[::1]'], 'machine'],
  [['127.0.0.1:2181', '10.0.0.5:2181'], 'network'],
] as const)('a registry at %j is read by the %s', async (endpoints, reach) => {
  const create = zookeeperRegistry({ endpoints: [...endpoints] }).create as (logger: Logger, clock: Clock) => Registry;
  const registry = create(silentLogger(), systemClock());
  expect(registry.capabilities.reach).toBe(reach);
  expect(registry.trouble).toBeUndefined();
  await registry.close();
  await expect(registry.lookup('greeter')).rejects.toMatchObject({ code: 'FailedPrecondition' });
});
