import type { RegistryFixtureFactory } from '@tenon/conformance';
import type { Logger, Registry } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { type MdnsOptions, resolveMdnsOptions } from '../src/mdns-options.js';
import { MdnsRegistry } from '../src/mdns-registry.js';
import { type Network, systemNetwork } from '../src/network.js';
import { FaultyNetwork } from './faulty-network.js';

/** A registry on loopback, not started. */
export function mdnsClient(
  options: MdnsOptions,
  network: Network = systemNetwork(),
  logger: Logger = silentLogger(),
): MdnsRegistry {
  return new MdnsRegistry(resolveMdnsOptions(options), network, logger, systemClock());
}

/** A port of its own for each test: what others say on it is not heard. */
export function randomPort(): number {
  return 20_000 + Math.floor(Math.random() * 10_000);
}

/** Fixtures on the loopback of this machine: registries that hear each other on a port of their own. */
export function mdnsFixtures(): RegistryFixtureFactory {
  return {
    create: async () => {
      const port = randomPort();
      const clients = new Map<Registry, { readonly registry: MdnsRegistry; readonly network: FaultyNetwork }>();
      const another = async (): Promise<Registry> => {
        const network = new FaultyNetwork();
        const registry = mdnsClient({ port }, network);
        clients.set(registry, { registry, network });
        await registry.start(new AbortController().signal);
        return registry;
      };
      const all = (isDown: boolean) => async (): Promise<void> => {
        for (const { network } of clients.values()) network.isDown = isDown;
      };
      const registry = await another();
      return {
        registry,
        another,
        minTtlMs: 1_000,
        crash: async (crashed) => {
          const client = clients.get(crashed);
          if (client !== undefined) client.network.isDown = true;
        },
        faults: { cut: all(true), heal: all(false) },
        dispose: async () => {
          for (const client of clients.values()) await client.registry.close();
        },
      };
    },
  };
}
