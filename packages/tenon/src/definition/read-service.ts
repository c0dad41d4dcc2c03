import {
  canonicalEndpoint,
  checkedTopicPattern,
  type EndpointDescriptor,
  noMetadata,
  type Schema,
  ServiceError,
} from '@tenon/contract';
import { checkPolicy } from '@tenon/core';
import { type DeclaredEndpoint, endpointsKey } from '../decorators/endpoint.js';
import { deliveryOf, topicOf } from '../decorators/event.js';
import { type DeclaredService, serviceKey } from '../decorators/service.js';
import { type DeclaredSubscription, subscriptionsKey } from '../decorators/subscribe.js';
import { type DeclaredUse, usesKey } from '../decorators/use.js';
import { inheritedMetadata, ownMetadata } from '../metadata.js';
import { requestTypeOf } from './request-type.js';
import type {
  AnyClass,
  EndpointDefinition,
  ServiceDefinition,
  SubscriptionDefinition,
  UseTarget,
} from './service-definition.js';

/**
 * Reads what the decorators of a service class say.
 *
 * @throws ServiceError `FailedPrecondition` that names class, method and mend: no `@Service`, two endpoints with one name,
 * a request type that cannot be known, a subscription to a class without `@Event`, a minified class name. `InvalidArgument` for a
 * policy out of range.
 */
export function readService(serviceClass: AnyClass): ServiceDefinition {
  const declared = ownMetadata<DeclaredService>(serviceKey, serviceClass);
  if (declared === undefined) {
    throw wrong(`${serviceClass.name || 'a class'} stands in services but has no @Service('name') decorator`);
  }
  const wireName = declared.as ?? serviceClass.name;
  if (wireName.length < 2) {
    throw wrong(
      `the class of service "${declared.name}" is called "${wireName}" at run time, as a minifier leaves it: keep class names, or say @Service('${declared.name}', { as: 'TheName' })`,
    );
  }
  return {
    serviceClass,
    name: declared.name,
    version: declared.version ?? '0.0.0',
    wireName,
    metadata: declared.metadata ?? noMetadata,
    endpoints: readEndpoints(serviceClass, declared.name, wireName),
    subscriptions: readSubscriptions(serviceClass),
  };
}

/** The endpoints of a class, without asking what their requests look like: what a client needs. */
export function declaredEndpoints(serviceClass: AnyClass): readonly DeclaredEndpoint[] {
  return inheritedMetadata<readonly DeclaredEndpoint[]>(endpointsKey, serviceClass) ?? [];
}

function readEndpoints(serviceClass: AnyClass, service: string, wireName: string): readonly EndpointDefinition[] {
  const byName = new Map<string, string>();
  return declaredEndpoints(serviceClass).map((declared) => {
    const name = canonicalEndpoint(wireName, declared.name ?? declared.method);
    const other = byName.get(name);
    if (other !== undefined) {
      throw wrong(
        `${serviceClass.name}.${declared.method} and ${serviceClass.name}.${other} are both the endpoint "${name}": give one of them @Endpoint({ name: '…' })`,
      );
    }
    byName.set(name, declared.method);
    return {
      method: declared.method,
      descriptor: {
        service,
        name,
        kind: declared.stream ?? 'unary',
        idempotent: declared.idempotent ?? false,
        request: requestOf(serviceClass, declared),
        response: declared.response,
        ...policyOf(declared, name),
      },
      use: usesOf(serviceClass, declared.method),
      metadata: declared.metadata ?? noMetadata,
    };
  });
}

/**
 * What an endpoint says about how it is called, as it stands in its descriptor.
 *
 * @throws ServiceError `InvalidArgument` that names option, endpoint and value.
 */
export function policyOf({ policy }: DeclaredEndpoint, endpoint: string): Pick<EndpointDescriptor, 'policy'> {
  if (policy === undefined) return {};
  checkPolicy(policy, endpoint);
  return { policy: Object.freeze({ ...policy }) };
}

/** What each request looks like; where they stream, no compiler emits it. */
function requestOf(serviceClass: AnyClass, declared: DeclaredEndpoint): Schema | undefined {
  const { method, stream, request } = declared;
  const place = `${serviceClass.name}.${method}`;
  if (stream === undefined && isGenerator(serviceClass, method)) {
    throw wrong(
      `${place} yields many replies but is declared to give one: say @Endpoint({ stream: 'server' }), or 'bidi'`,
    );
  }
  if (stream === 'client' || stream === 'bidi') {
    if (request !== undefined) return request;
    throw wrong(
      `${place} takes a stream of requests, whose class nothing else tells: say @Endpoint({ stream: '${stream}', request: TheClass })`,
    );
  }
  return requestTypeOf(serviceClass, method, request, 'request');
}

function isGenerator(serviceClass: AnyClass, method: string): boolean {
  const handler: unknown = Reflect.get(serviceClass.prototype, method);
  return Object.prototype.toString.call(handler) === '[object AsyncGeneratorFunction]';
}

function readSubscriptions(serviceClass: AnyClass): readonly SubscriptionDefinition[] {
  const declared = inheritedMetadata<readonly DeclaredSubscription[]>(subscriptionsKey, serviceClass) ?? [];
  return declared.map(({ method, source, event, ...options }) => ({
    method,
    name: `${serviceClass.name}.${method}`,
    topic: topicOfSource(source, `${serviceClass.name}.${method}`),
    options: { delivery: typeof source === 'string' ? undefined : deliveryOf(source), ...options },
    event: event ?? (typeof source === 'string' ? requestTypeOf(serviceClass, method, undefined, 'event') : source),
    use: usesOf(serviceClass, method),
  }));
}

function topicOfSource(source: AnyClass | string, place: string): string {
  if (typeof source === 'string') return checkedTopicPattern(source);
  const topic = typeof source === 'function' ? topicOf(source) : undefined;
  if (topic !== undefined) return topic;
  throw wrong(
    `${place} subscribes to ${typeof source === 'function' ? source.name : String(source)}, which has no @Event('topic') decorator`,
  );
}

function usesOf(serviceClass: AnyClass, method: string): readonly UseTarget[] {
  const uses = inheritedMetadata<readonly DeclaredUse[]>(usesKey, serviceClass) ?? [];
  const ofClass = uses.filter((use) => use.method === undefined);
  // Decorators are applied from the inside out, so those of a method stand in reverse order of writing.
  const ofMethod = uses.filter((use) => use.method === method).reverse();
  return [...ofClass.reverse(), ...ofMethod].flatMap((use) => use.interceptors);
}

function wrong(message: string): ServiceError {
  return new ServiceError('FailedPrecondition', message, { executed: 'no' });
}
