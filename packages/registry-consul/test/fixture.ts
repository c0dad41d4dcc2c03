import { AsyncResource } from 'node:async_hooks';
import { type RegistryFixture, type RegistryFixtureFactory, TcpProxy } from '@tenon/conformance';
import type { Logger, Registry } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { type ConsulOptions, resolveConsulOptions } from '../src/consul-options.js';
import { ConsulRegistry } from '../src/consul-registry.js';

/** A real agent or a double: what fixtures need of it. */
export interface TestServer {
  readonly port: number;
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Takes out whatever is registered. */
  clear(): Promise<void>;
}

/** A client of a test server, not started. */
export function consulClient(options: ConsulOptions, logger: Logger = silentLogger()): ConsulRegistry {
  return new ConsulRegistry(resolveConsulOptions(options), logger, systemClock());
}

/**
 * Fixtures on one shared server, which each leaves empty; each client has a proxy of its own.
 *
 * Call it where the server was started: a server that a case restarts outlives the case, so it is started in the
 * asynchronous context of this call, where the case's leak check does not look.
 */
export function consulFixtures(server: TestServer, options: ConsulOptions = {}): RegistryFixtureFactory {
  const restart = AsyncResource.bind(() => server.restart());
  const clear = AsyncResource.bind(() => server.clear());
  return { create: () => createFixture(server, { restart, clear }, options) };
}

async function createFixture(
  server: TestServer,
  { restart, clear }: Pick<TestServer, 'restart' | 'clear'>,
  options: ConsulOptions,
): Promise<RegistryFixture> {
  const clients = new Map<Registry, { readonly registry: ConsulRegistry; readonly proxy: TcpProxy }>();
  const another = async (): Promise<Registry> => {
    const proxy = await TcpProxy.to(server.port);
    const registry = consulClient({ ...options, endpoint: proxy.endpoint });
    clients.set(registry, { registry, proxy });
    await registry.start(new AbortController().signal);
    return registry;
  };
  return {
    registry: await another(),
    another,
    minTtlMs: 1_000,
    crash: async (registry) => clients.get(registry)?.proxy.cut(),
    faults: { cut: () => server.kill(), heal: restart },
    dispose: async () => {
      await restart();
      for (const { registry } of clients.values()) await registry.close();
      for (const { proxy } of clients.values()) await proxy.close();
      await clear();
    },
  };
}
