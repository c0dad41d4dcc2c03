import { Clock, Logger, type Provider, provide, Registry } from '@tenon/contract';
import { resolveZookeeperOptions, type ZookeeperOptions } from './zookeeper-options.js';
import { ZookeeperRegistry } from './zookeeper-registry.js';

/**
 * The registry in ZooKeeper: ephemeral nodes that go with their session, in the place and format of go-micro's plugin.
 *
 * @example
 * const app = await createApp({ services: [Greeter], modules: [zookeeperRegistry({ endpoints: ['zk-1:2181', 'zk-2:2181'] })] });
 *
 * @throws ServiceError `InvalidArgument`, naming the option, its value and its range.
 */
export function zookeeperRegistry(options: ZookeeperOptions = {}): Provider<Registry> {
  const resolved = resolveZookeeperOptions(options);
  return provide(Registry, [Logger, Clock], (logger, clock) => new ZookeeperRegistry(resolved, logger, clock));
}
