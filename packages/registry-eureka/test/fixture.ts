import { AsyncResource } from 'node:async_hooks';
import { type RegistryFixture, type RegistryFixtureFactory, TcpProxy } from '@tenon/conformance';
import type { Logger, Registry } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { type EurekaOptions, resolveEurekaOptions } from '../src/eureka-options.js';
import { EurekaRegistry } from '../src/eureka-registry.js';

/** A real server or a double: what fixtures need of it. */
export interface TestServer {
  readonly port: number;
  /** Takes out whatever is registered. */
  clear(): Promise<void>;
}

/** A client of test servers, not started. */
export function eurekaClient(options: EurekaOptions, logger: Logger = silentLogger()): EurekaRegistry {
  return new EurekaRegistry(resolveEurekaOptions(options), logger, systemClock());
}

/**
 * Fixtures on one shared server, which each leaves empty; each client has a proxy of its own.
 *
 * Call it where the server was started: what a case does at the server outlives the case, so it is done in the
 * asynchronous context of this call, where the case's leak check does not look.
 */
export function eurekaFixtures(server: TestServer): RegistryFixtureFactory {
  const clear = AsyncResource.bind(() => server.clear());
  return { create: () => createFixture(server, clear) };
}

async function createFixture(server: TestServer, clear: () => Promise<void>): Promise<RegistryFixture> {
  const clients = new Map<Registry, { readonly registry: EurekaRegistry; readonly proxy: TcpProxy }>();
  const crashed = new Set<Registry>();
  const another = async (): Promise<Registry> => {
    const proxy = await TcpProxy.to(server.port);
    const zones = { default: [`http://${proxy.endpoint}/eureka`] };
    const registry = eurekaClient({ zones, fetchIntervalMs: 200, restoreGraceMs: 5_000 });
    clients.set(registry, { registry, proxy });
    await registry.start(new AbortController().signal);
    return registry;
  };
  return {
    registry: await another(),
    another,
    minTtlMs: 1_000,
    crash: async (registry) => {
      crashed.add(registry);
      clients.get(registry)?.proxy.cut();
    },
    // The server goes on: killed, it would forget what the cases find again. That is a test of its own.
    faults: {
      cut: async () => {
        for (const { proxy } of clients.values()) proxy.cut();
      },
      heal: async () => {
        for (const [registry, { proxy }] of clients) if (!crashed.has(registry)) proxy.heal();
      },
    },
    dispose: async () => {
      for (const { registry } of clients.values()) await registry.close();
      for (const { proxy } of clients.values()) await proxy.close();
      await clear();
    },
  };
}
