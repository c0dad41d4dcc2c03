import type { Registry, RegistryEvent, ServiceRecord } from '@tenon/contract';
import { ServiceError } from '@tenon/contract';
import { LatestValue } from '@tenon/contract/authoring';

/** As much of a registry as a selector uses: watches that are fed by hand. */
export class FedRegistry implements Registry {
  readonly capabilities = {
    expires: false,
    consistency: {
      register: { level: 'strong', whenCutOff: 'refuses' },
      lookup: { level: 'strong', whenCutOff: 'refuses' },
      cachedCall: { level: 'eventual', whenCutOff: 'answers' },
    },
  } as const;
  readonly #events = new Map<string, RegistryEvent>();
  readonly #watches = new Map<string, Set<LatestValue<RegistryEvent>>>();

  /** How many watches of a service are open. */
  watching(service: string): number {
    return this.#watches.get(service)?.size ?? 0;
  }

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
