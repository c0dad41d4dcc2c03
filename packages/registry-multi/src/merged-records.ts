import type { ServiceRecord } from '@tenon/contract';
import { groupedByVersion } from '@tenon/contract/authoring';

/**
 * What several registries know of one service, as one set: each node once, by its id, as the first of them tells it. Versions and
 * nodes stand in order, so that equal knowledge makes equal sets.
 */
export function mergedRecords(sets: readonly (readonly ServiceRecord[])[]): readonly ServiceRecord[] {
  const seen = new Set<string>();
  const kept = sets.flatMap((records) =>
    records.flatMap((record) => {
      const nodes = record.nodes.filter(({ id }) => !seen.has(id));
      for (const { id } of nodes) seen.add(id);
      return nodes.length === 0 ? [] : { ...record, nodes };
    }),
  );
  return Object.freeze(
    groupedByVersion(kept)
      .map((record) => Object.freeze({ ...record, nodes: Object.freeze([...record.nodes].sort(byId)) }))
      .sort((one, other) => compare(one.version, other.version)),
  );
}

/** A set without some of its nodes. */
export function withoutNodes(records: readonly ServiceRecord[], ids: ReadonlySet<string>): readonly ServiceRecord[] {
  return records.flatMap((record) => {
    const nodes = record.nodes.filter(({ id }) => !ids.has(id));
    return nodes.length === 0 ? [] : { ...record, nodes };
  });
}

/** The ids of all nodes of a set. */
export function idsOf(records: readonly ServiceRecord[]): ReadonlySet<string> {
  return new Set(records.flatMap(({ nodes }) => nodes.map(({ id }) => id)));
}

function byId(one: { readonly id: string }, other: { readonly id: string }): number {
  return compare(one.id, other.id);
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
