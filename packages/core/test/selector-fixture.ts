import type { FixtureFactory, SelectorFixture } from '@tenon/conformance';
import type { Provider, Selector, Strategy } from '@tenon/contract';
import { silentLogger } from '@tenon/contract/authoring';
import {
  consistentHashStrategy,
  p2cStrategy,
  randomHashStrategy,
  randomStrategy,
  registrySelector,
  roundRobinStrategy,
  versionWeights,
  zoneAwareStrategy,
} from '@tenon/core';
import { FakeClock } from '@tenon/testing/fake-clock';
import { FedRegistry } from './fed-registry.js';

/** Each strategy, by what it promises to the suite: an even share, to learn from outcomes, or nothing. */
const strategies = {
  'round-robin': { promise: 'round-robin', provider: roundRobinStrategy },
  random: { promise: 'random', provider: randomStrategy },
  p2c: { promise: 'p2c', provider: p2cStrategy },
  'random hash': { promise: 'random', provider: randomHashStrategy },
  'consistent hash': { promise: 'other', provider: consistentHashStrategy },
  'zone-aware': { promise: 'other', provider: () => zoneAwareStrategy('z0') },
  'zone-aware, in another zone': { promise: 'p2c', provider: () => zoneAwareStrategy('elsewhere') },
  'zone-aware round robin, in another zone': {
    promise: 'round-robin',
    provider: () => zoneAwareStrategy('elsewhere', { within: roundRobinStrategy() }),
  },
  'version weights': { promise: 'other', provider: () => versionWeights({ '1': 95, '2': 5 }) },
  'version weights of none that is there': { promise: 'p2c', provider: () => versionWeights({ '0.1.0': 1 }) },
} as const satisfies Readonly<
  Record<string, { readonly promise: SelectorFixture['strategy']; readonly provider: () => Provider<Strategy> }>
>;

/** All of them. */
export const strategyNames = Object.keys(strategies) as readonly (keyof typeof strategies)[];

/** The real selector over a registry that holds what the suite says. */
export function selectorFixtures(strategy: keyof typeof strategies): FixtureFactory<SelectorFixture> {
  return {
    create() {
      const clock = new FakeClock();
      const registry = new FedRegistry();
      const made = create<Strategy>(strategies[strategy].provider(), clock);
      const selector = create<Selector>(registrySelector(), registry, made, silentLogger(), clock);
      return {
        selector,
        strategy: strategies[strategy].promise,
        setNodes: (service, records) => registry.set(service, { kind: 'set', records }),
        loseRegistry: () => registry.lose(),
        passTime: (ms) => clock.advance(ms),
        dispose: async () => {
          await selector.close();
          await registry.close();
        },
      };
    },
  };
}

function create<T>(provider: Provider<T>, ...dependencies: unknown[]): T {
  return provider.create(...(dependencies as never[]));
}
