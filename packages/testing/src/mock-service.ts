import type { CallOptions } from '@tenon/contract';
import {
  type AnyClass,
  anything,
  type ClientOf,
  type ClientTarget,
  contractOf,
  Endpoint,
  type Replies,
  type Requests,
  readService,
  type Schema,
  Service,
  type ServiceContract,
  ServiceError,
  type StreamKind,
} from 'tenon';

/**
 * The handlers of a mock: some or all of a service's endpoints, each taking the request, or an async iterable of them, and
 * answering a plain reply, or any iterable of them.
 */
export type MockHandlers<T> = { readonly [K in keyof ClientOf<T>]?: MockHandler<ClientOf<T>[K]> };

/** The handler that stands in for one method. */
export type MockHandler<M> = M extends (request: infer Q, options?: CallOptions) => infer R
  ? (request: Received<NonNullable<Q>>) => Given<R>
  : never;

type Received<Q> = 0 extends 1 & Q
  ? Q
  : Q extends Requests<infer E>
    ? Q extends string | Uint8Array
      ? Q
      : AsyncIterable<E>
    : Q;

type Given<R> =
  R extends Promise<infer V>
    ? V | Promise<V>
    : R extends Replies<infer E>
      ? AsyncIterable<E> | Iterable<E> | Promise<AsyncIterable<E> | Iterable<E>>
      : never;

/** A stand-in for a service, to be listed in `mocks` of `createTestApp`. */
export interface MockService {
  /** A service class with the same names on the wire, which can also stand in `services` of any app. */
  readonly serviceClass: AnyClass;
}

/**
 * Makes a stand-in for a service: it is served under the real names, so callers reach it through the real client, codec,
 * validation and errors, over memory. Endpoints without a handler answer `Unimplemented`, naming what the mock lacks.
 *
 * @param target - the service class, or what `contract()` made.
 * @example
 * mockService(Greeter, { hello: async ({ name }) => ({ greeting: `hi ${name}` }) });
 */
export function mockService<T extends object>(target: ClientTarget<T>, handlers: MockHandlers<T>): MockService {
  const given = new Map<string, (request: unknown) => unknown>(Object.entries(handlers));
  const made = contractOf(target);
  return { serviceClass: made === undefined ? ofClass(target as AnyClass, given) : ofContract(made, given) };
}

type Handlers = ReadonlyMap<string, (request: unknown) => unknown>;

/** Every endpoint of the class, with its request type, so that the mock refuses what the service would refuse. */
function ofClass(serviceClass: AnyClass, given: Handlers): AnyClass {
  const { name, version, wireName, endpoints } = readService(serviceClass);
  const known = new Set(endpoints.map((endpoint) => endpoint.method));
  for (const method of given.keys()) if (!known.has(method)) throw unknownMethod(serviceClass.name, method, known);
  const mock = emptyClass();
  for (const { method, descriptor } of endpoints) {
    const handler = given.get(method) ?? (() => lacking(serviceClass.name, method));
    const { idempotent, kind, request = anything, response } = descriptor;
    const methodName = descriptor.name.slice(wireName.length + 1);
    addEndpoint(mock, method, handler, kind === 'unary' ? undefined : kind, {
      name: methodName,
      idempotent,
      request,
      ...(response === undefined ? {} : { response }),
    });
  }
  Service(name, { version, as: wireName })(mock);
  return mock;
}

/** A contract has only a type, so the mock has the endpoints that it was given. */
function ofContract({ service, as, streams }: ServiceContract, given: Handlers): AnyClass {
  const mock = emptyClass();
  for (const [method, handler] of given) addEndpoint(mock, method, handler, streams.get(method), { request: anything });
  Service(service, { as })(mock);
  return mock;
}

function emptyClass(): AnyClass {
  return class MockService {};
}

function addEndpoint(
  mock: AnyClass,
  method: string,
  handler: (request: unknown) => unknown,
  stream: StreamKind | undefined,
  options: {
    readonly name?: string;
    readonly idempotent?: boolean;
    readonly request: Schema;
    readonly response?: Schema;
  },
): void {
  const replies = stream === 'server' || stream === 'bidi';
  const value = replies ? (request: unknown) => oneByOne(handler(request)) : (request: unknown) => handler(request);
  Object.defineProperty(mock.prototype, method, { value });
  // Which of its forms it takes depends on the kind, which only the mocked service knows.
  const declare = Endpoint as (
    options: object,
  ) => (prototype: object, method: string, descriptor: PropertyDescriptor) => void;
  declare(stream === undefined ? options : { ...options, stream })(mock.prototype, method, { value });
}

/** A mock may answer a stream with a list. */
async function* oneByOne(replies: unknown): AsyncGenerator<unknown> {
  yield* (await replies) as AsyncIterable<unknown> | Iterable<unknown>;
}

function lacking(service: string, method: string): never {
  throw new ServiceError(
    'Unimplemented',
    `the mock of ${service} has no "${method}": give it one in mockService(${service}, { ${method}: … })`,
    {
      executed: 'no',
    },
  );
}

function unknownMethod(service: string, method: string, known: ReadonlySet<string>): ServiceError {
  return new ServiceError(
    'InvalidArgument',
    `mockService(${service}, …) was given "${method}", which is no endpoint of it; there are ${[...known].join(', ')}`,
    {
      executed: 'no',
    },
  );
}
