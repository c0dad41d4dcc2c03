import type { EndpointRecord, JsonSchema, ServiceRecord } from '@tenon/contract';
import { describeSchemas } from './json-schema-classes.js';
import type { MessageShape } from './messages/message-shape.js';
import { refusal } from './messages/refusal.js';
import { shapeMessage } from './messages/shape-message.js';
import { type MethodShape, methodName, type ServiceShape, shapeService } from './service-shape.js';

/**
 * The shape of a service as its registry record tells it, by the JSON Schemas in it.
 *
 * @throws ServiceError `FailedPrecondition` that names endpoint, class, field and mend, where protobuf cannot express it or the
 * record does not tell it.
 */
export function serviceShapeOfRecord({ name, endpoints }: ServiceRecord): ServiceShape {
  const messages = new Map<string, MessageShape>();
  const served = endpoints.filter(({ metadata }) => metadata['subscriber'] !== 'true');
  const methods = served.map((endpoint): MethodShape => {
    const messageOf = (key: 'request-schema' | 'response-schema', place: string): string | undefined => {
      const schema = schemaIn(endpoint, key);
      if (schema === undefined) return undefined;
      const { root, classes } = describeSchemas(schema, place);
      for (const described of classes) add(messages, shapeMessage(described));
      return root;
    };
    return Object.freeze({
      ...methodName(endpoint.name),
      kind: kindOf(endpoint),
      request: messageOf('request-schema', `the request of ${endpoint.name}`),
      response: messageOf('response-schema', `the reply of ${endpoint.name}`),
    });
  });
  return shapeService(name, methods, messages);
}

/** Schemas of several endpoints tell one class again and again; what they tell must be the same. */
function add(messages: Map<string, MessageShape>, shape: MessageShape): void {
  const other = messages.get(shape.name);
  if (other !== undefined && JSON.stringify(other) !== JSON.stringify(shape)) {
    throw refusal(`two classes are called ${shape.name}, and a .proto has one message of a name: rename one of them`);
  }
  messages.set(shape.name, shape);
}

function schemaIn({ name, metadata }: EndpointRecord, key: string): JsonSchema | undefined {
  const text = metadata[key];
  if (text === undefined) return undefined;
  try {
    const schema: unknown = JSON.parse(text);
    if (typeof schema === 'object' && schema !== null && !Array.isArray(schema)) return schema as JsonSchema;
  } catch {
    // Said below, with where it stands.
  }
  throw refusal(
    `the record of ${name} has a ${key} that is no JSON Schema: it was written by something else than Tenon`,
  );
}

function kindOf({ metadata }: EndpointRecord): MethodShape['kind'] {
  const said = metadata['stream-kind'];
  if (said === 'server' || said === 'client' || said === 'bidi') return said;
  return metadata['stream'] === 'true' ? 'server' : 'unary';
}
