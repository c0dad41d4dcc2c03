export type { NatsRegistryOptions, NatsRegistryTls } from './nats-registry-options.js';
export { natsRegistry } from './nats-registry-provider.js';
