import type { RegistryFixtureFactory } from '@tenon/conformance';
import { systemClock } from '@tenon/contract/authoring';
import { MemoryRegistry } from '../src/memory-registry.js';
import { MemoryRegistryStore } from '../src/memory-registry-store.js';

/** Memory registries over one store for each case. */
export function memoryRegistryFixtures(): RegistryFixtureFactory {
  const clock = systemClock();
  return {
    create: () => {
      const store = new MemoryRegistryStore();
      const clients = [new MemoryRegistry(store, clock)];
      return {
        registry: clients[0]!,
        another: async () => {
          const client = new MemoryRegistry(store, clock);
          clients.push(client);
          return client;
        },
        minTtlMs: 1_000,
        crash: async (registry) => store.cut(registry),
        faults: { cut: async () => store.cut(), heal: async () => store.heal() },
        dispose: async () => {
          for (const client of clients) await client.close();
          // Entries of crashed clients are still ageing.
          store.clear();
        },
      };
    },
  };
}
