export { natsBroker } from './nats-broker-provider.js';
export type { NatsEnvelope, NatsOptions, NatsTls } from './nats-options.js';
