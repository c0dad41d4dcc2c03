import { Clock, Logger, type Provider, provide, Registry } from '@tenon/contract';
import { NatsRegistry } from './nats-registry.js';
import { type NatsRegistryOptions, resolveNatsRegistryOptions } from './nats-registry-options.js';

/**
 * The registry that needs nothing but NATS: the nodes answer for themselves, by the protocol of go-micro's own NATS registry.
 *
 * @example
 * const app = await createApp({ services: [Greeter], modules: [natsRegistry({ servers: ['nats-1:4222', 'nats-2:4222'] })] });
 *
 * @throws ServiceError `InvalidArgument`, naming the option, its value and its range.
 */
export function natsRegistry(options: NatsRegistryOptions = {}): Provider<Registry> {
  const resolved = resolveNatsRegistryOptions(options);
  return provide(Registry, [Logger, Clock], (logger, clock) => new NatsRegistry(resolved, logger, clock));
}
