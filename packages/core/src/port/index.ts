export { type PortAddress, SharedPort } from './shared-port.js';
export type { SharedPortOptions } from './shared-port-options.js';
