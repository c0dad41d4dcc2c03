export type { GossipRegistryOptions } from './gossip-registry-options.js';
export { gossipRegistry } from './gossip-registry-provider.js';
