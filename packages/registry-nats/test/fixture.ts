import { AsyncResource } from 'node:async_hooks';
import { type RegistryFixture, type RegistryFixtureFactory, TcpProxy } from '@tenon/conformance';
import type { Logger, Registry } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import type { NatsServer } from '../../../test/nats-server/nats-server.js';
import { NatsRegistry } from '../src/nats-registry.js';
import { type NatsRegistryOptions, resolveNatsRegistryOptions } from '../src/nats-registry-options.js';

/** A client of a test server, not started. */
export function natsClient(options: NatsRegistryOptions, logger: Logger = silentLogger()): NatsRegistry {
  return new NatsRegistry(resolveNatsRegistryOptions(options), logger, systemClock());
}

/**
 * Fixtures on one shared server: each has subjects of its own, and each client a proxy of its own.
 *
 * Call it where the server was started: a server that a case restarts outlives the case, so it is started in the
 * asynchronous context of this call, where the case's leak check does not look.
 */
export function natsRegistryFixtures(server: NatsServer): RegistryFixtureFactory {
  let count = 0;
  const restart = AsyncResource.bind(async () => {
    if (server.pid === undefined) await server.restart();
  });
  return {
    create: async () => {
      count += 1;
      return createFixture(server, restart, `case-${count}`);
    },
  };
}

async function createFixture(server: NatsServer, heal: () => Promise<void>, prefix: string): Promise<RegistryFixture> {
  const clients = new Map<Registry, { readonly registry: NatsRegistry; readonly proxy: TcpProxy }>();
  const another = async (): Promise<Registry> => {
    const proxy = await TcpProxy.to(server.port);
    const registry = natsClient({
      servers: [proxy.endpoint],
      querySubject: `${prefix}.query`,
      watchSubject: `${prefix}.watch`,
    });
    clients.set(registry, { registry, proxy });
    await registry.start(new AbortController().signal);
    return registry;
  };
  return {
    registry: await another(),
    another,
    minTtlMs: 1_000,
    crash: async (registry) => clients.get(registry)?.proxy.cut(),
    faults: { cut: () => server.kill(), heal },
    dispose: async () => {
      await heal();
      for (const { registry } of clients.values()) await registry.close();
      for (const { proxy } of clients.values()) await proxy.close();
    },
  };
}
