export { rabbitmqBroker } from './rabbitmq-broker-provider.js';
export type { RabbitmqOptions, RabbitmqTls } from './rabbitmq-options.js';
