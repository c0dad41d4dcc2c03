import { Clock, Logger, type Provider, provide, Registry } from '@tenon/contract';
import { type ConsulOptions, resolveConsulOptions } from './consul-options.js';
import { ConsulRegistry } from './consul-registry.js';

/**
 * The registry in Consul, by its local agent, in the tags of go-micro: what the `classic` profile uses.
 *
 * @example
 * const app = await createApp({ services: [Greeter], modules: [consulRegistry({ token: secrets.consulToken })] });
 *
 * @throws ServiceError `InvalidArgument`, naming the option, its value and its range.
 */
export function consulRegistry(options: ConsulOptions = {}): Provider<Registry> {
  const resolved = resolveConsulOptions(options);
  return provide(Registry, [Logger, Clock], (logger, clock) => new ConsulRegistry(resolved, logger, clock));
}
