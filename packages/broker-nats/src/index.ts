export type { NatsTls } from '@tenon/nats/options';
export { natsBroker } from './nats-broker-provider.js';
export type { NatsEnvelope, NatsOptions } from './nats-options.js';
