import { Broker, Clock, Logger, type Provider, provide } from '@tenon/contract';
import { RabbitmqBroker } from './rabbitmq-broker.js';
import { type RabbitmqOptions, resolveRabbitmqOptions } from './rabbitmq-options.js';

/**
 * Publishes and subscribes over RabbitMQ: at most once in go-micro's own layout, and at least once over quorum queues; reconnecting for
 * ever.
 *
 * Nothing is opened before the application starts it. Throws `InvalidArgument`, at once, for an option that is out of
 * range; starting rejects with `Unavailable` within 2 s where no server answers.
 *
 * @example
 * const app = await createApp({ services: [Mailer], modules: [rabbitmqBroker({ servers: ['rabbit-1:5672', 'rabbit-2:5672'] })] });
 */
export function rabbitmqBroker(options: RabbitmqOptions = {}): Provider<Broker> {
  const resolved = resolveRabbitmqOptions(options);
  return provide(Broker, [Logger, Clock], (logger, clock) => new RabbitmqBroker(resolved, logger, clock));
}
