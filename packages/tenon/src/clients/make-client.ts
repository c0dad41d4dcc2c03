import { type Client, canonicalEndpoint, clientStreams, ServiceError } from '@tenon/contract';
import { type DeclaredService, serviceKey } from '../decorators/service.js';
import { contractOf, type ServiceContract } from '../definition/contract.js';
import { declaredEndpoints, policyOf } from '../definition/read-service.js';
import { knownRequestType } from '../definition/request-type.js';
import type { AnyClass } from '../definition/service-definition.js';
import { ownMetadata } from '../metadata.js';
import { type ClientFunction, clientMethod } from './client-method.js';
import type { ClientOf } from './client-of.js';
import type { ClientTarget } from './client-token.js';

/** Makes the typed client of a service class or contract on top of the untyped one. */
export function makeClient<T extends object>(target: ClientTarget<T>, client: Client): ClientOf<T> {
  const made = contractOf(target);
  return made === undefined ? clientOfClass(target as AnyClass<T>, client) : clientOfContract<T>(made, client);
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
  for (const endpoint of declaredEndpoints(serviceClass)) {
    const { method, stream = 'unary', idempotent = false, request, response } = endpoint;
    const name = canonicalEndpoint(declared.as ?? serviceClass.name, endpoint.name ?? method);
    methods[method] = clientMethod(client, {
      service: declared.name,
      name,
      kind: stream,
      idempotent,
      request: clientStreams(stream) ? request : knownRequestType(serviceClass, method, request),
      response,
      ...policyOf(endpoint, name),
    });
  }
  return Object.freeze(methods) as ClientOf<T>;
}

/** Only the type knows the methods, so each is made when it is first used, and kept. */
function clientOfContract<T extends object>(
  { service, as, idempotent, streams, policies }: ServiceContract,
  client: Client,
): ClientOf<T> {
  const methods: Record<string | symbol, ClientFunction> = Object.create(null);
  return new Proxy(methods, {
    get: (made, method) => {
      // A client is not a promise: awaiting it must not call a remote method named "then".
      if (typeof method === 'symbol' || method === 'then') return undefined;
      made[method] ??= clientMethod(client, {
        service,
        name: canonicalEndpoint(as, method),
        kind: streams.get(method) ?? 'unary',
        idempotent: idempotent.has(method),
        policy: policies.get(method),
      });
      return made[method];
    },
    set: () => false,
  }) as ClientOf<T>;
}
