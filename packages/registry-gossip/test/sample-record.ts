import type { Metadata, ServiceRecord } from '@tenon/contract';

/** A record of one node. */
export function recordOf(name: string, id: string, metadata: Metadata = {}): ServiceRecord {
  const node = { id, address: '10.0.0.1:4000', metadata: {} };
  return { name, version: '1.0.0', metadata, endpoints: [], nodes: [node] };
}

/** The sorted ids of all nodes of some records. */
export function idsOf(records: readonly ServiceRecord[]): readonly string[] {
  return records.flatMap(({ nodes }) => nodes.map(({ id }) => id)).sort();
}
