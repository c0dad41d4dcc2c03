import type { Node, Registry, ServiceRecord } from '@tenon/contract';
import { frozen } from '../frozen.js';

/** A frozen record of one node, as a provider of the service would register it. */
export function recordOf(
  name: string,
  id: string,
  fields: Partial<ServiceRecord> & { address?: string } = {},
): ServiceRecord {
  const { address, ...rest } = fields;
  return frozen({
    name,
    version: '1.0.0',
    metadata: {},
    endpoints: [],
    nodes: [{ id, address: address ?? `10.0.0.1:${portOf(id)}`, metadata: {} }],
    ...rest,
  });
}

/** All nodes of some records, whatever their version. */
export function nodesOf(records: readonly ServiceRecord[]): readonly Node[] {
  return records.flatMap((record) => record.nodes);
}

/** The sorted ids of all nodes of some records. */
export function idsOf(records: readonly ServiceRecord[]): readonly string[] {
  return nodesOf(records)
    .map((node) => node.id)
    .sort();
}

/** The sorted ids of the nodes that a lookup finds. */
export async function lookupIds(registry: Registry, name: string): Promise<readonly string[]> {
  return idsOf(await registry.lookup(name));
}

function portOf(id: string): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 50_000;
  return 10_000 + sum;
}
