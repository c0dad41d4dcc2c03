import { Broker, Clock, Logger, type Provider, provide } from '@tenon/contract';
import { RedisBroker } from './redis-broker.js';
import { type RedisOptions, resolveRedisOptions } from './redis-options.js';

/**
 * Publishes and subscribes over Redis 7 or later: at most once over its channels, at least once over its streams, reconnecting for ever.
 *
 * Nothing is opened before the application starts it. Throws `InvalidArgument`, at once, for an option that is out of range; starting
 * rejects with `Unavailable` within 2 s where no server answers.
 *
 * @example
 * const app = await createApp({ services: [Mailer], modules: [redisBroker({ servers: ['redis-1:6379'], password: '…' })] });
 */
export function redisBroker(options: RedisOptions = {}): Provider<Broker> {
  const resolved = resolveRedisOptions(options);
  return provide(Broker, [Logger, Clock], (logger, clock) => new RedisBroker(resolved, logger, clock));
}
