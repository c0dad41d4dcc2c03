import {
  type EndpointDescriptor,
  type EndpointKind,
  type EndpointRecord,
  type Metadata,
  type Node,
  noMetadata,
  type Schema,
  type ServedService,
  type ServiceRecord,
  type ValueRecord,
} from '@tenon/contract';
import type { CompiledSchemas } from '../schemas/compiled-schemas.js';
import { valueRecord } from '../schemas/value-record.js';

/** The registry record of one service with the one node that this server is. */
export function serviceRecord(service: ServedService, node: Node, schemas: CompiledSchemas): ServiceRecord {
  const described = (schema: Schema | undefined): ValueRecord | null => {
    const compiled = schemas.of(schema);
    return compiled === undefined ? null : valueRecord(compiled.jsonSchema);
  };
  const texts = (pairs: readonly (readonly [string, Schema | undefined])[]): Record<string, string> =>
    Object.fromEntries(
      pairs.flatMap(([key, schema]) => {
        const compiled = schemas.of(schema);
        return compiled === undefined ? [] : [[key, JSON.stringify(compiled.jsonSchema)]];
      }),
    );
  const endpoints: EndpointRecord[] = service.endpoints.map(({ descriptor, metadata }) => ({
    name: descriptor.name,
    request: described(descriptor.request),
    response: described(descriptor.response),
    metadata: {
      ...metadata,
      ...streamed(descriptor.kind),
      ...promised(descriptor),
      ...texts([
        ['request-schema', descriptor.request],
        ['response-schema', descriptor.response],
      ]),
    },
  }));
  const subscribers: EndpointRecord[] = service.subscriptions.map(({ name, topic, event }) => ({
    name,
    request: described(event),
    response: null,
    metadata: { topic, subscriber: 'true', ...texts([['request-schema', event]]) },
  }));
  return {
    name: service.name,
    version: service.version,
    metadata: noMetadata,
    endpoints: [...endpoints, ...subscribers],
    nodes: [{ ...node, metadata: { ...service.metadata, ...node.metadata } }],
  };
}

/** What its decorator says for all callers, for those that do not have the class. */
function promised({ idempotent, policy }: EndpointDescriptor): Metadata {
  return {
    ...(idempotent ? { idempotent: 'true' } : {}),
    ...(policy === undefined ? {} : { policy: JSON.stringify(policy) }),
  };
}

/** go-micro's word for every kind of stream, and ours for which it is. */
function streamed(kind: EndpointKind): Metadata {
  return kind === 'unary' ? noMetadata : { stream: 'true', 'stream-kind': kind };
}
