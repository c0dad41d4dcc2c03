import { Clock, Logger, type Provider, provide, Registry } from '@tenon/contract';
import { type EtcdOptions, resolveEtcdOptions } from './etcd-options.js';
import { EtcdRegistry } from './etcd-registry.js';

/**
 * The registry in etcd, in the record format of go-micro: the default of the `standard` profile.
 *
 * @example
 * const app = await createApp({ services: [Greeter], modules: [etcdRegistry({ endpoints: ['etcd-1:2379', 'etcd-2:2379'] })] });
 *
 * @throws ServiceError `InvalidArgument`, naming the option, its value and its range.
 */
export function etcdRegistry(options: EtcdOptions = {}): Provider<Registry> {
  const resolved = resolveEtcdOptions(options);
  return provide(Registry, [Logger, Clock], (logger, clock) => new EtcdRegistry(resolved, logger, clock));
}
