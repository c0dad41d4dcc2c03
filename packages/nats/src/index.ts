export { checkedSubject } from './checked-subject.js';
export { isLimitReached, jetStreamErrors } from './jetstream-errors.js';
export {
  type NatsConnectionOptions,
  type NatsCredentials,
  type NatsTls,
  type ResolvedNatsConnection,
  type ResolvedNatsTls,
  resolveNatsConnection,
} from './nats-connection-options.js';
export { type NatsDialSettings, type NatsSession, natsDial, type StatusReport, statusLog } from './nats-dial.js';
export { natsError } from './nats-error.js';
export { type NatsLinkOptions, type ResolvedNatsLink, resolveNatsLink } from './nats-link-options.js';
