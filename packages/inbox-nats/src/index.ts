export type { NatsInboxOptions, NatsInboxTls } from './nats-inbox-options.js';
export { natsInbox } from './nats-inbox-provider.js';
