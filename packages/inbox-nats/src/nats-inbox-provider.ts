import { Clock, InboxStore, Logger, type Provider, provide } from '@tenon/contract';
import { NatsInbox } from './nats-inbox.js';
import { type NatsInboxOptions, resolveNatsInboxOptions } from './nats-inbox-options.js';

/**
 * The store of an inbox in a key-value bucket of NATS JetStream: shared by every process of a queue, and outliving all of them.
 *
 * Nothing is opened before the application starts it. Throws `InvalidArgument`, at once, for an option that is out of range; starting
 * rejects with `Unavailable` within 2 s where no server answers, and with `FailedPrecondition` where JetStream is off.
 *
 * @example
 * const app = await createApp({ services: [Mails], modules: [natsBroker(), inbox(), natsInbox({ bucket: 'mails' })] });
 */
export function natsInbox(options: NatsInboxOptions = {}): Provider<InboxStore> {
  const resolved = resolveNatsInboxOptions(options);
  return provide(InboxStore, [Logger, Clock], (logger, clock) => new NatsInbox(resolved, logger, clock));
}
