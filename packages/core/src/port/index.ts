export type { PortAddress } from './listening.js';
export { SharedPort } from './shared-port.js';
export type { SharedPortOptions } from './shared-port-options.js';
