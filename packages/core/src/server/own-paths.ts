import { type HttpResource, type Intercept, noMetadata, ServiceError } from '@tenon/contract';
import type { AnsweredPaths } from '../port/answered-paths.js';
import type { CompiledSchemas } from '../schemas/compiled-schemas.js';
import type { Dispatcher } from './dispatcher.js';
import { ResourceCall } from './resource-call.js';
import { Route } from './route.js';

/** What is needed to have a resource asked as an endpoint is called. */
export interface ResourceParts {
  /** The id that `callContext().node` tells. */
  readonly node: string;
  readonly dispatcher: Dispatcher;
  readonly schemas: CompiledSchemas;
  /** The interceptors around every handler. */
  readonly around: readonly Intercept[];
}

/**
 * The paths that a server answers itself: those of health, which nothing stands before, and those of the bound resources, each of which is a
 * call like any other. So whatever turns calls away (interceptors, limits, a drain) turns those away too. Undefined where there are none.
 *
 * @throws ServiceError `InvalidArgument` for a path that no request can have, `FailedPrecondition` for one that two have.
 */
export function ownPaths(
  resources: readonly HttpResource[],
  parts: ResourceParts,
  health: AnsweredPaths | undefined,
): AnsweredPaths | undefined {
  const routes = new Map<string, { readonly resource: string; readonly route: Route }>();
  for (const resource of resources) {
    for (const path of resource.paths) {
      checkPath(path, resource, health?.find(path) === undefined ? routes.get(path)?.resource : 'health');
      routes.set(path, { resource: resource.name, route: routeOf(resource, path, parts) });
    }
  }
  if (routes.size === 0) return health;
  return {
    find: (path) => {
      const own = health?.find(path);
      if (own !== undefined) return own;
      const found = routes.get(path)?.route;
      return found && ((request) => ResourceCall.answered(found, request, parts.dispatcher));
    },
  };
}

function routeOf(resource: HttpResource, path: string, { node, dispatcher, schemas, around }: ResourceParts): Route {
  const descriptor = { service: resource.name, name: `GET ${path}`, kind: 'unary', idempotent: true } as const;
  const handle = (): unknown => resource.answer(path, () => dispatcher.services());
  return new Route(node, { descriptor, handle, interceptors: [], metadata: noMetadata }, schemas, around);
}

function checkPath(path: string, { name }: HttpResource, owner: string | undefined): void {
  if (!requestPath.test(path)) {
    const mend = 'a path begins with a slash and is written as it stands in a request, without a query';
    throw new ServiceError('InvalidArgument', `the resource ${name} has the path ${JSON.stringify(path)}; ${mend}`, {
      executed: 'no',
    });
  }
  if (owner === undefined) return;
  throw new ServiceError('FailedPrecondition', `the resources ${owner} and ${name} both have the path ${path}`, {
    executed: 'no',
  });
}

/** The characters of a path (RFC 3986, 3.3). */
const requestPath = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]{0,1023}$/;
