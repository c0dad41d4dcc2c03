import type { Registry } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { etcdRegistry } from '@tenon/registry-etcd';
import { expect, test } from 'vitest';

test.each([
  [['127.0.0.1:2379'], 'machine'],
  [['localhost:2379', '[::1]:2379'], 'machine'],
  [['127.0.0.1:2379', '10.0.0.5:2379'], 'network'],
] as const)('a registry at %j is read by the %s', async (endpoints, reach) => {
  const create = etcdRegistry({ endpoints: [...endpoints] }).create as (...dependencies: unknown[]) => Registry;
  const registry = create(silentLogger(), systemClock());
  expect(registry.capabilities.reach).toBe(reach);
  await registry.close();
});
