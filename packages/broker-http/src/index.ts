export type { HttpBrokerOptions, SpoolOptions } from './http-broker-options.js';
export { httpBroker } from './http-broker-provider.js';
