export type { NatsTls as NatsTransportTls } from '@tenon/nats';
export { natsTransport } from './nats-transport.js';
export type { NatsTransportOptions } from './nats-transport-options.js';
