export { type MemoryInboxOptions, memoryInbox } from './memory-inbox-provider.js';
export { MemoryInboxStore, type MemoryInboxStoreOptions } from './memory-inbox-store.js';
