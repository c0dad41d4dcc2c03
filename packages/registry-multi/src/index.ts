export type { MultiOptions } from './multi-options.js';
export { multiRegistry } from './multi-registry-provider.js';
