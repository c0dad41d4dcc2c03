import { Broker, Clock, Logger, type Provider, provide } from '@tenon/contract';
import { NatsBroker } from './nats-broker.js';
import { type NatsOptions, resolveNatsOptions } from './nats-options.js';

/**
 * Publishes and subscribes over NATS: at most once, queue groups, reconnecting for ever.
 *
 * Nothing is opened before the application starts it. Throws `InvalidArgument`, at once, for an option that is out of
 * range; starting rejects with `Unavailable` within 2 s where no server answers.
 *
 * @example
 * const app = await createApp({ services: [Mailer], modules: [natsBroker({ servers: ['nats-1:4222', 'nats-2:4222'] })] });
 */
export function natsBroker(options: NatsOptions = {}): Provider<Broker> {
  const resolved = resolveNatsOptions(options);
  return provide(Broker, [Logger, Clock], (logger, clock) => new NatsBroker(resolved, logger, clock));
}
