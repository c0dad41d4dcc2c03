import type { RegistryFixtureFactory } from '@tenon/conformance';
import type { Clock, Lifecycle, Logger, Provider, Registry } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { MemoryRegistryStore, memoryRegistry } from '@tenon/registry-memory';
import { multiRegistry } from '../src/index.js';

/** Makes what a provider makes, for one that needs a logger and a clock by name. */
export function made(
  provider: Provider<Registry>,
  { logger = silentLogger(), clock = systemClock() }: { logger?: Logger; clock?: Clock } = {},
): Registry & Lifecycle {
  const create = provider.create as (...dependencies: unknown[]) => Registry & Lifecycle;
  return create(
    ...provider.dependencies.map((dependency) =>
      'name' in dependency && dependency.name === 'Logger' ? logger : clock,
    ),
  );
}

/** Composites over the same two memory stores for each case. */
export function multiRegistryFixtures(): RegistryFixtureFactory {
  return {
    create: () => {
      const stores = [new MemoryRegistryStore(), new MemoryRegistryStore()];
      const partsOf = new Map<Registry, Registry[]>();
      const client = (): Registry => {
        const parts: Registry[] = [];
        const providers = stores.map((store) => noting(memoryRegistry({ store }), parts));
        const registry = made(multiRegistry(...providers));
        partsOf.set(registry, parts);
        return registry;
      };
      return {
        registry: client(),
        another: async () => client(),
        minTtlMs: 1_000,
        crash: async (registry) => {
          for (const [index, part] of (partsOf.get(registry) ?? []).entries()) stores[index]?.cut(part);
        },
        faults: {
          cut: async () => {
            for (const store of stores) store.cut();
          },
          heal: async () => {
            for (const store of stores) store.heal();
          },
        },
        dispose: async () => {
          for (const registry of partsOf.keys()) await registry.close();
          // Entries of crashed clients are still ageing.
          for (const store of stores) store.clear();
        },
      };
    },
  };
}

/** The same provider, which writes down what it makes. */
export function noting(provider: Provider<Registry>, into: Registry[]): Provider<Registry> {
  const create = provider.create as (...dependencies: never[]) => Registry;
  return {
    ...provider,
    create: (...dependencies) => {
      const registry = create(...dependencies);
      into.push(registry);
      return registry;
    },
  };
}
