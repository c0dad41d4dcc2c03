export type { MdnsOptions } from './mdns-options.js';
export { mdnsRegistry } from './mdns-registry-provider.js';
export { type MulticastWorksOptions, multicastWorks } from './multicast-works.js';
