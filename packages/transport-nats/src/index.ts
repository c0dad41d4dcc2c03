export { natsTransport } from './nats-transport.js';
export type { NatsTransportOptions, NatsTransportTls } from './nats-transport-options.js';
