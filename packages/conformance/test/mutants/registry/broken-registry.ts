import type { RegistryFixture, RegistryFixtureFactory } from '@tenon/conformance';
import type { Clock, Lease, Registry } from '@tenon/contract';
import { MemoryRegistryStore, memoryRegistry } from '@tenon/registry-memory';
import type { Mutant } from '../prove-cases.js';
import { fastClock } from './fast-clock.js';

/** Which methods of a good registry are replaced, and by what. Called once for each client. */
export type Break = (good: Registry) => Partial<Registry>;

/** A registry that is good but for one thing. */
export function mutant(caughtBy: string, fault: string, breaks: Break, clock?: Clock): Mutant<RegistryFixture> {
  return { caughtBy, fault, fixtures: brokenRegistries(breaks, clock) };
}

/** Memory registries with some methods replaced, on a clock that runs fast. */
export function brokenRegistries(breaks: Break = () => ({}), clock: Clock = fastClock()): RegistryFixtureFactory {
  return {
    create: () => {
      const store = new MemoryRegistryStore();
      const goods = new Map<Registry, Registry>();
      const client = (): Registry => {
        const good = (memoryRegistry({ store }).create as (clock: Clock) => Registry)(clock);
        const broken: Registry = Object.assign(delegating(good), breaks(good));
        goods.set(broken, good);
        return broken;
      };
      return {
        registry: client(),
        another: async () => client(),
        minTtlMs: 1_000,
        crash: async (registry) => store.cut(goods.get(registry)),
        faults: { cut: async () => store.cut(), heal: async () => store.heal() },
        dispose: async () => {
          for (const good of goods.values()) await good.close();
          store.clear();
        },
      };
    },
  };
}

/** A lease with some members replaced. */
export function brokenLease(
  good: Lease,
  breaks: Partial<Omit<Lease, 'state'>> & { state?: () => Lease['state'] },
): Lease {
  const { state, ...methods } = breaks;
  return {
    get state() {
      return state === undefined ? good.state : state();
    },
    onChange: (listener) => good.onChange(listener),
    release: () => good.release(),
    ...methods,
  };
}

function delegating(good: Registry): Registry {
  return {
    capabilities: good.capabilities,
    register: (record, options) => good.register(record, options),
    lookup: (name, options) => good.lookup(name, options),
    list: (options) => good.list(options),
    watch: (name, options) => good.watch(name, options),
    close: () => good.close(),
  };
}
