export type { DnsRegistryOptions } from './dns-options.js';
export { dnsRegistry } from './dns-registry-provider.js';
