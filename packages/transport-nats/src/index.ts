export type { NatsTls as NatsTransportTls } from '@tenon/nats/options';
export { natsTransport } from './nats-transport.js';
export type { NatsTransportOptions } from './nats-transport-options.js';
