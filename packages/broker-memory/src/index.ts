export { type MemoryBrokerOptions, memoryBroker } from './memory-broker-provider.js';
export { MemoryHub } from './memory-hub.js';
