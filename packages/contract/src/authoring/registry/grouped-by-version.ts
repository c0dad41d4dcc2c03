import type { ServiceRecord } from '../../service-record.js';

/**
 * Groups the records of single nodes by version, as lookups and watches hand them out. What belongs to the version is taken from the
 * node that comes first; a node that stands there twice counts once.
 */
export function groupedByVersion(records: readonly ServiceRecord[]): readonly ServiceRecord[] {
  const versions = new Map<string, ServiceRecord[]>();
  for (const record of records) {
    const same = versions.get(record.version);
    if (same === undefined) versions.set(record.version, [record]);
    else same.push(record);
  }
  return Object.freeze([...versions.values()].map(merged));
}

function merged(records: readonly ServiceRecord[]): ServiceRecord {
  const [first] = records as readonly [ServiceRecord, ...ServiceRecord[]];
  const nodes = new Map(records.flatMap((record) => record.nodes).map((node) => [node.id, node]));
  return Object.freeze({ ...first, nodes: Object.freeze([...nodes.values()]) });
}
