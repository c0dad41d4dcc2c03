export { type MemoryRegistryOptions, memoryRegistry } from './memory-registry-provider.js';
export { MemoryRegistryStore } from './memory-registry-store.js';
