import type { FixtureFactory, SelectorFixture } from '@tenon/conformance';
import type { Provider, Selector, Strategy } from '@tenon/contract';
import { silentLogger } from '@tenon/contract/authoring';
import { p2cStrategy, randomStrategy, registrySelector, roundRobinStrategy } from '@tenon/core';
import { FakeClock } from '@tenon/testing/fake-clock';
import { FedRegistry } from './fed-registry.js';

const strategies = { 'round-robin': roundRobinStrategy, random: randomStrategy, p2c: p2cStrategy };

/** The real selector over a registry that holds what the suite says. */
export function selectorFixtures(strategy: keyof typeof strategies): FixtureFactory<SelectorFixture> {
  return {
    create() {
      const clock = new FakeClock();
      const registry = new FedRegistry();
      const made = create<Strategy>(strategies[strategy](), clock);
      const selector = create<Selector>(registrySelector(), registry, made, silentLogger());
      return {
        selector,
        strategy,
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
