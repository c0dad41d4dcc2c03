import type { ServiceRecord } from '@tenon/contract';

/** A record of one node, as a service would register it. */
export function recordOf(name: string, id: string, address = '10.0.0.1:1001'): ServiceRecord {
  return { name, version: '1.0.0', metadata: {}, endpoints: [], nodes: [{ id, address, metadata: {} }] };
}
