import { Clock, Logger, type OperationConsistency, type Provider, type Registry } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { consulRegistry } from '@tenon/registry-consul';
import { dnsRegistry } from '@tenon/registry-dns';
import { etcdRegistry } from '@tenon/registry-etcd';
import { eurekaRegistry } from '@tenon/registry-eureka';
import { gossipRegistry } from '@tenon/registry-gossip';
import { mdnsRegistry } from '@tenon/registry-mdns';
import { memoryRegistry } from '@tenon/registry-memory';
import { natsRegistry } from '@tenon/registry-nats';
import { staticRegistry } from '@tenon/registry-static';
import { zookeeperRegistry } from '@tenon/registry-zookeeper';
import { expect, test } from 'vitest';
import { readPage, tableUnder } from './documentation/page.js';

/** Every registry of the table, and every option that changes what it promises. */
const registries: Readonly<Record<string, () => Provider<Registry>>> = {
  etcd: () => etcdRegistry(),
  "etcd, `reads: 'serializable'`": () => etcdRegistry({ reads: 'serializable' }),
  zookeeper: () => zookeeperRegistry(),
  "zookeeper, `reads: 'local'`": () => zookeeperRegistry({ reads: 'local' }),
  consul: () => consulRegistry(),
  "consul, `consistency: 'consistent'`": () => consulRegistry({ consistency: 'consistent' }),
  "consul, `consistency: 'stale'`": () => consulRegistry({ consistency: 'stale' }),
  eureka: () => eurekaRegistry(),
  nats: () => natsRegistry(),
  gossip: () => gossipRegistry(),
  mdns: () => mdnsRegistry(),
  static: () => staticRegistry({}),
  dns: () => dnsRegistry({ domain: 'shop.internal' }),
  memory: () => memoryRegistry(),
};

test('the page says of each registry what its capabilities say', () => {
  const rows = tableUnder(readPage('docs/discovery.md'), 'Consistency');
  expect(rows.map(([name]) => name).sort()).toEqual(Object.keys(registries).sort());
  for (const [name = '', ...told] of rows) {
    const { register, lookup, cachedCall } = made(registries[name]?.()).capabilities.consistency;
    expect([name, ...told]).toEqual([name, ...[register, lookup, cachedCall].map(inWords)]);
  }
});

/** As an application makes it; nothing is connected. */
function made(provider: Provider<Registry> | undefined): Registry {
  if (provider === undefined) throw new Error('the page names a registry that is not known here');
  const given = provider.dependencies.map((token) => {
    if (token === Logger) return silentLogger();
    return token === Clock ? systemClock() : undefined;
  });
  return provider.create(...(given as never[]));
}

function inWords({ level, whenCutOff }: OperationConsistency): string {
  return `${level}, ${whenCutOff}`;
}
