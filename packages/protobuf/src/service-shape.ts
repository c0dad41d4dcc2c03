import type { EndpointDescriptor, EndpointKind, Schema } from '@tenon/contract';
import { ClassMessages, refuseNamesakes } from './messages/class-messages.js';
import type { MessageShape } from './messages/message-shape.js';
import { isIdentifier, packageName } from './messages/proto-names.js';
import { refusal } from './messages/refusal.js';

/** A service in protobuf's words: its methods and their messages. */
export interface ServiceShape {
  /** As it is registered. */
  readonly name: string;
  /** The package in the .proto: the name, with an underscore for what no package may have. */
  readonly package: string;
  /** In the order of the endpoints. */
  readonly methods: readonly MethodShape[];
  /** Each once, those that are nested behind those that nest them. */
  readonly messages: readonly MessageShape[];
}

/** One endpoint: `rpc Hello(HelloRequest) returns (HelloReply)` of `service Greeter`. */
export interface MethodShape {
  /** `Greeter`, of `Greeter.Hello`. */
  readonly service: string;
  readonly name: string;
  readonly kind: EndpointKind;
  /** The message; undefined where the endpoint has no schema, which is `google.protobuf.Empty`. */
  readonly request: string | undefined;
  readonly response: string | undefined;
}

/** What is to be said of an endpoint. */
export type DescribedEndpoint = Pick<EndpointDescriptor, 'name' | 'kind' | 'request' | 'response'>;

/**
 * The shape of a service of this process.
 *
 * @param classes - keeps what it has read. Default: one that is forgotten afterwards.
 * @throws ServiceError `FailedPrecondition` that names endpoint, class, field and mend, where protobuf cannot express it.
 */
export function serviceShapeOf(
  service: string,
  endpoints: readonly DescribedEndpoint[],
  classes = new ClassMessages(),
): ServiceShape {
  const messages = new Map<unknown, MessageShape>();
  const messageOf = (schema: Schema | undefined, place: string): string | undefined => {
    if (schema === undefined) return undefined;
    for (const [dto, shape] of classes.all(schema, place)) messages.set(dto, shape);
    return classes.of(schema, place).name;
  };
  const methods = endpoints.map(({ name, kind, request, response }): MethodShape => {
    return Object.freeze({
      ...methodName(name),
      kind,
      request: messageOf(request, `the request of ${name}`),
      response: messageOf(response, `the reply of ${name}`),
    });
  });
  return shapeService(service, methods, messages);
}

/** Puts methods and messages together, and refuses names that would mean two things. */
export function shapeService(
  name: string,
  methods: readonly MethodShape[],
  messages: ReadonlyMap<unknown, MessageShape>,
): ServiceShape {
  refuseNamesakes(messages);
  const byName = new Map([...messages.values()].map((shape) => [shape.name, shape]));
  const namesake = methods.find(({ service }) => byName.has(service));
  if (namesake !== undefined) {
    const text = `the class ${namesake.service} is a service and a message, and a .proto has one of a name: rename the message's class, or give the service another name by "as"`;
    throw refusal(text);
  }
  const [shapes, frozen] = [Object.freeze([...byName.values()]), Object.freeze([...methods])];
  const packaged = packageName(name);
  if (packaged === '') throw refusal(`the service name ${JSON.stringify(name)} gives no protobuf package: use letters`);
  return Object.freeze({ name, package: packaged, methods: frozen, messages: shapes });
}

/** `Greeter.Hello` as `Hello` of `Greeter`. */
export function methodName(endpoint: string): Pick<MethodShape, 'service' | 'name'> {
  const dot = endpoint.lastIndexOf('.');
  const [service, name] = [endpoint.slice(0, Math.max(dot, 0)), endpoint.slice(dot + 1)];
  if (isIdentifier(service) && isIdentifier(name)) return { service, name };
  throw refusal(
    `the endpoint ${endpoint} cannot be a protobuf method of that name: use letters, digits and underscores`,
  );
}
