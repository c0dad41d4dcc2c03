import { AsyncResource } from 'node:async_hooks';
import { type RegistryFixture, type RegistryFixtureFactory, TcpProxy } from '@tenon/conformance';
import type { Logger, Registry } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { type EtcdOptions, resolveEtcdOptions } from '../src/etcd-options.js';
import { EtcdRegistry } from '../src/etcd-registry.js';
import type { EtcdServer } from './etcd-server.js';

/** A client of a test server, not started. */
export function etcdClient(options: EtcdOptions, logger: Logger = silentLogger()): EtcdRegistry {
  return new EtcdRegistry(resolveEtcdOptions(options), logger, systemClock());
}

/**
 * Fixtures on one shared server: each has a prefix of its own, and each client a proxy of its own.
 *
 * Call it where the server was started: a server that a case restarts outlives the case, so it is started in the
 * asynchronous context of this call, where the case's leak check does not look.
 */
export function etcdFixtures(server: EtcdServer): RegistryFixtureFactory {
  let count = 0;
  const restart = AsyncResource.bind(async () => {
    if (server.pid === undefined) await server.restart();
  });
  return {
    create: async () => {
      count += 1;
      return createFixture(server, restart, `/case-${count}/micro/registry/`);
    },
  };
}

async function createFixture(server: EtcdServer, heal: () => Promise<void>, prefix: string): Promise<RegistryFixture> {
  const clients = new Map<Registry, { readonly registry: EtcdRegistry; readonly proxy: TcpProxy }>();
  const another = async (): Promise<Registry> => {
    const proxy = await TcpProxy.to(server.port);
    const registry = etcdClient({ endpoints: [proxy.endpoint], prefix });
    clients.set(registry, { registry, proxy });
    await registry.start(new AbortController().signal);
    return registry;
  };
  return {
    registry: await another(),
    another,
    minTtlMs: 2_000,
    crash: async (registry) => clients.get(registry)?.proxy.cut(),
    faults: { cut: () => server.kill(), heal },
    dispose: async () => {
      await heal();
      for (const { registry } of clients.values()) await registry.close();
      for (const { proxy } of clients.values()) await proxy.close();
    },
  };
}
