import { Clock, Logger, type Provider, provide, Registry } from '@tenon/contract';
import { GossipRegistry } from './gossip-registry.js';
import { type GossipRegistryOptions, resolveGossipRegistryOptions } from './gossip-registry-options.js';

/**
 * A registry without a server: the processes of the fleet tell each other, by gossip, what they serve.
 *
 * @example
 * const app = await createApp({
 *   services: [Greeter],
 *   modules: [gossipRegistry({ listen: '0.0.0.0:7946', seeds: ['gossip.internal'], keys: [Buffer.from(secret, 'base64')] })],
 * });
 *
 * @throws ServiceError `InvalidArgument`, naming the option, its value and its range.
 */
export function gossipRegistry(options: GossipRegistryOptions = {}): Provider<Registry> {
  const resolved = resolveGossipRegistryOptions(options);
  return provide(Registry, [Logger, Clock], (logger, clock) => new GossipRegistry(resolved, logger, clock));
}
