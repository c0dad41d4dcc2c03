import { describe, it } from 'node:test';
import { type RegistryFixtureFactory, registryConformance } from '@tenon/conformance';
import type { Clock, Registry } from '@tenon/contract';
import { systemClock } from '@tenon/contract/authoring';
import { MemoryRegistryStore, memoryRegistry } from '@tenon/registry-memory';

// What an outsider writes to run the suite with Node's own runner; runners.test.ts runs this file.
const fixtures: RegistryFixtureFactory = {
  create: () => {
    const store = new MemoryRegistryStore();
    const clients: Registry[] = [];
    const client = (): Registry => {
      const registry = (memoryRegistry({ store }).create as (clock: Clock) => Registry)(systemClock());
      clients.push(registry);
      return registry;
    };
    return {
      registry: client(),
      another: async () => client(),
      minTtlMs: 1_000,
      crash: async (registry) => store.cut(registry),
      dispose: async () => {
        for (const registry of clients) await registry.close();
        store.clear();
      },
    };
  },
};

const withoutFaults = { reason: 'this fixture cannot cut the back end off', issue: 'none: shown in the README' };

registryConformance({ describe, it }, fixtures, {
  knownFailing: [
    'a lost lease is announced with its reason, registered again and renewed',
    'a lost back end is an error event and never an empty set, and a whole set heals it',
    'while the back end is lost, calls reject with Unavailable or answer, as declared, and work again after it',
    'a watch that begins while the back end is lost yields an error, then the whole set',
    'releasing and closing while the back end is lost resolve, and renew no more',
  ].map((name) => ({ case: name, ...withoutFaults })),
});
