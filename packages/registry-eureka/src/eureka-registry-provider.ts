import { Clock, Logger, type Provider, provide, Registry } from '@tenon/contract';
import { type EurekaOptions, resolveEurekaOptions } from './eureka-options.js';
import { EurekaRegistry } from './eureka-registry.js';

/**
 * The registry in Eureka, for fleets that have one: services of Spring and of Tenon find each other.
 *
 * @example
 * const app = await createApp({
 *   services: [Greeter],
 *   modules: [eurekaRegistry({ zone: 'a', zones: { a: ['http://eureka-1:8761/eureka'], b: ['http://eureka-2:8761/eureka'] } })],
 * });
 *
 * @throws ServiceError `InvalidArgument`, naming the option, its value and its range.
 */
export function eurekaRegistry(options: EurekaOptions = {}): Provider<Registry> {
  const resolved = resolveEurekaOptions(options);
  return provide(Registry, [Logger, Clock], (logger, clock) => new EurekaRegistry(resolved, logger, clock));
}
