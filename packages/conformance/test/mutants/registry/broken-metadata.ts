import type { Metadata, ServiceRecord } from '@tenon/contract';

/** The same record with all its metadata changed. */
export function withMetadata(record: ServiceRecord, change: (metadata: Metadata) => Metadata): ServiceRecord {
  return {
    ...record,
    metadata: change(record.metadata),
    nodes: record.nodes.map((node) => ({ ...node, metadata: change(node.metadata) })),
  };
}

export function withoutEmptyValues(metadata: Metadata): Metadata {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== ''));
}

export function cutAt4KiB(metadata: Metadata): Metadata {
  return Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, value.slice(0, 4_096)]));
}

export function asLatin1(metadata: Metadata): Metadata {
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [key, Buffer.from(value, 'latin1').toString('latin1')]),
  );
}

/** What `copy[key] = value` makes of a key named `__proto__`. */
export function assigned(metadata: Metadata): Metadata {
  const copy: Record<string, string> = {};
  for (const [key, value] of Object.entries(metadata)) copy[key] = value;
  return copy;
}
