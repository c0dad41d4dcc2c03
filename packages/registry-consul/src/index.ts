export type { ConsulOptions, ConsulTls } from './consul-options.js';
export { consulRegistry } from './consul-registry-provider.js';
