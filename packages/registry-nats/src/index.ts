export type { NatsTls as NatsRegistryTls } from '@tenon/nats/options';
export type { NatsRegistryOptions } from './nats-registry-options.js';
export { natsRegistry } from './nats-registry-provider.js';
