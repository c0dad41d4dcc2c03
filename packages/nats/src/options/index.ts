// Apart from what dials, so that the declarations of who has these options in its own lead to no NATS client's.
export { checkedSubject } from './checked-subject.js';
export {
  type NatsConnectionOptions,
  type NatsCredentials,
  type NatsTls,
  type ResolvedNatsConnection,
  type ResolvedNatsTls,
  resolveNatsConnection,
} from './nats-connection-options.js';
export { type NatsLinkOptions, type ResolvedNatsLink, resolveNatsLink } from './nats-link-options.js';
