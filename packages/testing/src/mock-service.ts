import type { CallOptions } from '@tenon/contract';
import {
  type AnyClass,
  anything,
  type ClientOf,
  type ClientTarget,
  Endpoint,
  readService,
  Service,
  ServiceError,
} from 'tenon';

/**
 * The handlers of a mock: some or all of a service's endpoints, each taking the request and answering a plain reply.
 */
export type MockHandlers<T> = {
  readonly [K in keyof ClientOf<T>]?: ClientOf<T>[K] extends (
    request: infer Q,
    options?: CallOptions,
  ) => Promise<infer R>
    ? (request: NonNullable<Q>) => R | Promise<R>
    : never;
};

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
  return {
    serviceClass: typeof target === 'function' ? ofClass(target, given) : ofContract(target.service, target.as, given),
  };
}

type Given = ReadonlyMap<string, (request: unknown) => unknown>;

/** Every endpoint of the class, with its request type, so that the mock refuses what the service would refuse. */
function ofClass(serviceClass: AnyClass, given: Given): AnyClass {
  const { name, version, wireName, endpoints } = readService(serviceClass);
  const known = new Set(endpoints.map((endpoint) => endpoint.method));
  for (const method of given.keys()) if (!known.has(method)) throw unknownMethod(serviceClass.name, method, known);
  const mock = emptyClass();
  for (const { method, descriptor } of endpoints) {
    const handler = given.get(method) ?? (() => lacking(serviceClass.name, method));
    const { idempotent, request = anything, response } = descriptor;
    const methodName = descriptor.name.slice(wireName.length + 1);
    addEndpoint(mock, method, handler, {
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
function ofContract(service: string, as: string, given: Given): AnyClass {
  const mock = emptyClass();
  for (const [method, handler] of given) addEndpoint(mock, method, handler, { request: anything });
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
  options: Parameters<typeof Endpoint>[0],
): void {
  Object.defineProperty(mock.prototype, method, { value: (request: unknown) => handler(request) });
  Endpoint(options)(mock.prototype, method, { value: handler });
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
