import { AsyncResource } from 'node:async_hooks';
import { type RegistryFixture, type RegistryFixtureFactory, TcpProxy } from '@tenon/conformance';
import type { Logger, Registry } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { resolveZookeeperOptions, type ZookeeperOptions } from '../src/zookeeper-options.js';
import { ZookeeperRegistry } from '../src/zookeeper-registry.js';
import type { ZookeeperServer } from './zookeeper-server.js';

/** A client of a test server, not started. */
export function zookeeperClient(options: ZookeeperOptions, logger: Logger = silentLogger()): ZookeeperRegistry {
  return new ZookeeperRegistry(resolveZookeeperOptions(options), logger, systemClock());
}

/**
 * Fixtures on one shared server: each has a root of its own, and each client a proxy of its own.
 *
 * Call it where the server was started: a server that a case restarts outlives the case, so it is started in the
 * asynchronous context of this call, where the case's leak check does not look.
 */
export function zookeeperFixtures(server: ZookeeperServer): RegistryFixtureFactory {
  let count = 0;
  const restart = AsyncResource.bind(async () => {
    if (server.pid === undefined) await server.restart();
  });
  return {
    create: async () => {
      count += 1;
      return createFixture(server, restart, `/case-${count}/micro-registry`);
    },
  };
}

async function createFixture(
  server: ZookeeperServer,
  heal: () => Promise<void>,
  root: string,
): Promise<RegistryFixture> {
  const clients = new Map<Registry, { readonly registry: ZookeeperRegistry; readonly proxy: TcpProxy }>();
  const another = async (): Promise<Registry> => {
    const proxy = await TcpProxy.to(server.port);
    const registry = zookeeperClient({ endpoints: [proxy.endpoint], root });
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
