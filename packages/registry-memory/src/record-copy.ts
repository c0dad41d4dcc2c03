import type { EndpointRecord, Metadata, Node, ServiceRecord, ValueRecord } from '@tenon/contract';

/** A frozen copy of a record, so that neither who registered it nor who looked it up can change what others find. */
export function frozenCopy(record: ServiceRecord): ServiceRecord {
  return Object.freeze({
    name: record.name,
    version: record.version,
    metadata: pairs(record.metadata),
    endpoints: Object.freeze(record.endpoints.map(endpoint)),
    nodes: Object.freeze(record.nodes.map(node)),
  });
}

function node({ id, address, metadata }: Node): Node {
  return Object.freeze({ id, address, metadata: pairs(metadata) });
}

function endpoint({ name, request, response, metadata }: EndpointRecord): EndpointRecord {
  return Object.freeze({ name, request: value(request), response: value(response), metadata: pairs(metadata) });
}

function value(record: ValueRecord | null): ValueRecord | null {
  if (record === null) return null;
  const values = record.values?.map((inner) => value(inner) as ValueRecord) ?? null;
  return Object.freeze({ name: record.name, type: record.type, values: values && Object.freeze(values) });
}

/** Without a prototype, so that a key named `__proto__` is only data. */
function pairs(metadata: Metadata): Metadata {
  const copy: Record<string, string> = Object.create(null);
  for (const key of Object.keys(metadata)) copy[key] = metadata[key] as string;
  return Object.freeze(copy);
}
