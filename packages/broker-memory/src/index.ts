export { type MemoryBrokerOptions, memoryBroker } from './memory-broker-provider.js';
export { MemoryHub, type MemoryHubOptions } from './memory-hub.js';
