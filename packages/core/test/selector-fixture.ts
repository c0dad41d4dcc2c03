import type { FixtureFactory, SelectorFixture } from '@tenon/conformance';
import type { Provider, Registry, RegistryEvent, Selector, ServiceRecord, Strategy } from '@tenon/contract';
import { ServiceError } from '@tenon/contract';
import { LatestValue, silentLogger } from '@tenon/contract/authoring';
import { p2cStrategy, randomStrategy, registrySelector, roundRobinStrategy } from '@tenon/core';
import { FakeClock } from '@tenon/testing/fake-clock';

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

/** As much of a registry as a selector uses: watches that are fed by hand. */
class FedRegistry implements Registry {
  readonly capabilities = { expires: false, consistency: 'strong' } as const;
  readonly #events = new Map<string, RegistryEvent>();
  readonly #watches = new Map<string, Set<LatestValue<RegistryEvent>>>();

  set(service: string, event: RegistryEvent): void {
    this.#events.set(service, event);
    for (const watch of this.#watches.get(service) ?? []) watch.set(event);
  }

  lose(): void {
    const error = new ServiceError('Unavailable', 'the registry is away', { executed: 'no' });
    for (const watches of this.#watches.values()) for (const watch of watches) watch.set({ kind: 'error', error });
  }

  watch(name: string, { signal }: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterable<RegistryEvent> {
    const watches = this.#watches.get(name) ?? new Set();
    this.#watches.set(name, watches);
    const watch = new LatestValue<RegistryEvent>(() => watches.delete(watch));
    watches.add(watch);
    signal?.addEventListener('abort', () => watch.end(), { once: true });
    const known = this.#events.get(name);
    if (known !== undefined) watch.set(known);
    return watch;
  }

  register(): Promise<never> {
    return Promise.reject(new ServiceError('Unimplemented', 'the suite feeds this registry'));
  }

  lookup(): Promise<readonly ServiceRecord[]> {
    return Promise.resolve([]);
  }

  list(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  async close(): Promise<void> {
    for (const watches of this.#watches.values()) for (const watch of [...watches]) watch.end();
  }
}
