export type { StaticFleet, StaticNode } from './static-fleet.js';
export { type StaticRegistryOptions, staticRegistry } from './static-registry-provider.js';
