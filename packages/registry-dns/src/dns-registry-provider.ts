import { Clock, Logger, type Provider, provide, Registry } from '@tenon/contract';
import { FixedLeases } from '@tenon/contract/authoring';
import { type DnsRegistryOptions, resolveDnsOptions } from './dns-options.js';
import { DnsRegistry } from './dns-registry.js';

/**
 * A registry that reads SRV records (RFC 2782): for fleets whose nodes somebody keeps in DNS by hand, or a platform does, such as
 * Kubernetes for headless services. It writes nothing.
 *
 * @throws ServiceError `InvalidArgument`, naming the option, its value and its range.
 *
 * @example
 * const app = await createApp({ services: [Shop], modules: [dnsRegistry({ domain: 'shop.internal' })] }); // _greeter._tcp.shop.internal
 */
export function dnsRegistry(options: DnsRegistryOptions): Provider<Registry> {
  const resolved = resolveDnsOptions(options);
  // Checks the option now, not when the application starts.
  const newLeases = () => new FixedLeases('dnsRegistry', options.registrations);
  newLeases();
  return provide(Registry, [Logger, Clock], (logger, clock) => new DnsRegistry(resolved, newLeases(), logger, clock));
}
