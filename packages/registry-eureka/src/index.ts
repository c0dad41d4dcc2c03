export type { EurekaOptions, EurekaTls } from './eureka-options.js';
export { eurekaRegistry } from './eureka-registry-provider.js';
