import type { Clock, Registry, ServiceRecord } from '@tenon/contract';
import { splitHostAndPort, systemClock } from '@tenon/contract/authoring';
import { type MemoryRegistryStore, memoryRegistry } from '@tenon/registry-memory';
import type { FaultProxy } from '@tenon/testing/fault-proxy';

/** A registry over a store that others share. */
export function registryOver(store: MemoryRegistryStore, clock: Clock = systemClock()): Registry {
  const { create } = memoryRegistry({ store });
  return (create as (clock: Clock) => Registry)(clock);
}

/** A registry that tells everybody to go through a proxy to what is registered by it. */
export function behind(proxy: FaultProxy, registry: Registry): Registry {
  return {
    capabilities: registry.capabilities,
    register: (record, options) => {
      const [node] = record.nodes;
      const [host, port] = splitHostAndPort(node?.address ?? '');
      proxy.aim({ host, port });
      return registry.register(withAddress(record, proxy.address), options);
    },
    lookup: (name, options) => registry.lookup(name, options),
    list: (options) => registry.list(options),
    watch: (name, options) => registry.watch(name, options),
    close: () => registry.close(),
  };
}

function withAddress(record: ServiceRecord, address: string): ServiceRecord {
  return { ...record, nodes: record.nodes.map((node) => ({ ...node, address })) };
}
