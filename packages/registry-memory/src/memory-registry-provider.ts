import { Clock, type Provider, provide, Registry } from '@tenon/contract';
import { MemoryRegistry } from './memory-registry.js';
import { MemoryRegistryStore } from './memory-registry-store.js';

/** How a memory registry is made. All fields are optional. */
export interface MemoryRegistryOptions {
  /** The back end, for registries that are to see each other. Default: one of its own for each application. */
  readonly store?: MemoryRegistryStore | undefined;
}

/**
 * A registry in the memory of this process: for tests, and for applications whose services all run in one process.
 *
 * Times to live run on the bound `Clock`, so that a fake clock drives renewal and expiry.
 */
export function memoryRegistry(options: MemoryRegistryOptions = {}): Provider<Registry> {
  const { store } = options;
  return provide(Registry, [Clock], (clock) => new MemoryRegistry(store ?? new MemoryRegistryStore(), clock));
}
