export type { NatsTls as NatsInboxTls } from '@tenon/nats/options';
export type { NatsInboxOptions } from './nats-inbox-options.js';
export { natsInbox } from './nats-inbox-provider.js';
