import { type Listener, type Metadata, nodeMetadata, type Transport } from '@tenon/contract';

/**
 * What a node's record says about how to reach it: what each listener tells, all transports with the best first, and which run
 * of the process it is. What strangers look for is that of the first one bound, which everybody understands.
 */
export function announcedMetadata(
  listeners: readonly Listener[],
  transports: readonly Transport[],
  instance: string,
): Metadata {
  const told = listeners.map((listener) => listener.metadata).reverse();
  const names = transports.map((transport) => transport.name).reverse();
  return Object.assign({}, ...told, {
    [nodeMetadata.protocols]: names.join(','),
    [nodeMetadata.instance]: instance,
  });
}
