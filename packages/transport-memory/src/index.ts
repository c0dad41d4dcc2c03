export { MemoryNetwork, type MemoryNetworkOptions } from './memory-network.js';
export { type MemoryTransportOptions, memoryTransport } from './memory-transport.js';
