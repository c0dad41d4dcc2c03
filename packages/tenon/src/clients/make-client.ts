import {
  type CallOptions,
  type Client,
  canonicalEndpoint,
  type EndpointDescriptor,
  ServiceError,
} from '@tenon/contract';
import { type DeclaredService, serviceKey } from '../decorators/service.js';
import type { ServiceContract } from '../definition/contract.js';
import { declaredEndpoints } from '../definition/read-service.js';
import type { AnyClass } from '../definition/service-definition.js';
import { ownMetadata } from '../metadata.js';
import type { ClientOf } from './client-of.js';
import type { ClientTarget } from './client-token.js';

/** Makes the typed client of a service class or contract on top of the untyped one. */
export function makeClient<T extends object>(target: ClientTarget<T>, client: Client): ClientOf<T> {
  return typeof target === 'function' ? clientOfClass(target, client) : clientOfContract(target, client);
}

/** The methods are known, so they are made once, as plain functions. */
function clientOfClass<T extends object>(serviceClass: AnyClass<T>, client: Client): ClientOf<T> {
  const declared = ownMetadata<DeclaredService>(serviceKey, serviceClass);
  if (declared === undefined) {
    throw new ServiceError(
      'FailedPrecondition',
      `a client of ${serviceClass.name} was asked for, which has no @Service('name') decorator`,
      {
        executed: 'no',
      },
    );
  }
  const methods: Record<string, ClientFunction> = {};
  for (const { method, name, idempotent = false, request, response } of declaredEndpoints(serviceClass)) {
    methods[method] = clientFunction(client, {
      service: declared.name,
      name: canonicalEndpoint(declared.as ?? serviceClass.name, name ?? method),
      kind: 'unary',
      idempotent,
      request,
      response,
    });
  }
  return Object.freeze(methods) as ClientOf<T>;
}

/** Only the type knows the methods, so each is made when it is first used, and kept. */
function clientOfContract<T extends object>(
  { service, as, idempotent }: ServiceContract<T>,
  client: Client,
): ClientOf<T> {
  const methods: Record<string | symbol, ClientFunction> = Object.create(null);
  return new Proxy(methods, {
    get: (made, method) => {
      // A client is not a promise: awaiting it must not call a remote method named "then".
      if (typeof method === 'symbol' || method === 'then') return undefined;
      made[method] ??= clientFunction(client, {
        service,
        name: canonicalEndpoint(as, method),
        kind: 'unary',
        idempotent: idempotent.has(method),
      });
      return made[method];
    },
    set: () => false,
  }) as ClientOf<T>;
}

type ClientFunction = (request?: unknown, options?: CallOptions) => Promise<unknown>;

function clientFunction(client: Client, endpoint: EndpointDescriptor): ClientFunction {
  return (request = {}, options) => client.unary(endpoint, request, options).then((reply) => reply.value);
}
