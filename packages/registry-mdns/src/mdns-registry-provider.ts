import { Clock, Logger, type Provider, provide, Registry } from '@tenon/contract';
import { type MdnsOptions, resolveMdnsOptions } from './mdns-options.js';
import { MdnsRegistry } from './mdns-registry.js';
import { systemNetwork } from './network.js';

/**
 * The registry that needs no server: multicast DNS, in the record format of go-micro. Part of the `local` profile.
 *
 * @example
 * const app = await createApp({ services: [Greeter], modules: [mdnsRegistry({ interfaces: ['eth0'] })] });
 *
 * @throws ServiceError `InvalidArgument`, naming the option, its value and its range.
 */
export function mdnsRegistry(options: MdnsOptions = {}): Provider<Registry> {
  const resolved = resolveMdnsOptions(options);
  return provide(
    Registry,
    [Logger, Clock],
    (logger, clock) => new MdnsRegistry(resolved, systemNetwork(), logger, clock),
  );
}
