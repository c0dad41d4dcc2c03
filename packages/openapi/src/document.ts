import type { JsonSchema, ServiceRecord } from '@tenon/contract';
import { callPath } from '@tenon/contract/authoring';
import { DefinitionSet, type DescribedEndpoint, describedEndpoints } from '@tenon/schema';
import { errorSchemas, refusals, takenNames } from './errors.js';
import { headerParameters, replyHeaders } from './headers.js';
import { type DocumentOptions, resolveServers } from './open-api-options.js';
import { type Operation, operationOf } from './operation.js';

/** An OpenAPI 3.1 document, as plain data (https://spec.openapis.org/oas/v3.1.1). */
export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, { readonly post: Operation }>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<string, object>>;
    readonly parameters: Readonly<Record<string, object>>;
    readonly headers: Readonly<Record<string, object>>;
  };
}

/** A document with what had to be left out of it, a sentence each. */
export interface DescribedServices {
  readonly document: OpenApiDocument;
  readonly gaps: readonly string[];
}

/**
 * The OpenAPI 3.1 document of some services, from their registry records: one operation for each endpoint, the DTO classes as
 * components, every error. The same records give the same bytes, whatever their order.
 *
 * Of two versions of one service the one that comes last in the list stands in the document: calls that name no node go to it. An endpoint
 * whose name no path carries is left out.
 *
 * Throws `InvalidArgument` for a server that is no URL.
 */
export function openApiDocument(services: readonly ServiceRecord[], options: DocumentOptions = {}): OpenApiDocument {
  return describeServices(services, options).document;
}

export function describeServices(services: readonly ServiceRecord[], options: DocumentOptions): DescribedServices {
  const newest = new Map(services.map((service) => [service.name, service]));
  const served = [...newest.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  const schemas = new DefinitionSet({
    nameOf: componentName,
    referTo: (name) => `#/components/schemas/${name}`,
    taken: takenNames,
  });
  const gaps: string[] = [];
  const found = served.flatMap(({ name: service, ...record }) =>
    describedEndpoints({ name: service, ...record }).flatMap((endpoint) => {
      const path = callPath(service, endpoint.name);
      if (path === undefined) gaps.push(`${service}/${endpoint.name} has a name that no path carries`);
      return path === undefined ? [] : [{ service, path, endpoint }];
    }),
  );
  const shared = sharedNames(found.map(({ endpoint }) => endpoint));
  const paths = found.map(({ service, path, endpoint }): [string, { readonly post: Operation }] => {
    const operationId = shared.has(endpoint.name) ? `${service}.${endpoint.name}` : endpoint.name;
    return [path, { post: operationOf(endpoint, { service, operationId, schemas }) }];
  });
  const document: OpenApiDocument = {
    openapi: '3.1.1',
    info: infoOf(served, options),
    servers: resolveServers(options.servers).map((url) => ({ url })),
    tags: served.map(tagOf),
    paths: Object.fromEntries(paths),
    components: {
      schemas: { ...Object.fromEntries(schemas.definitions), ...errorSchemas() },
      responses: refusals(),
      parameters: headerParameters(),
      headers: replyHeaders(),
    },
  };
  return { document, gaps: [...gaps, ...schemas.gaps] };
}

function infoOf(services: readonly ServiceRecord[], given: DocumentOptions): OpenApiDocument['info'] {
  const [only] = services.length === 1 ? services : [];
  const names = services.map(({ name }) => name).join(', ');
  const versions = services.map(({ name, version }) => `${name} ${version}`).join(', ');
  return {
    title: given.title ?? (names === '' ? 'no service' : names),
    version: given.version ?? only?.version ?? (versions === '' ? '0.0.0' : versions),
    ...(given.description === undefined ? {} : { description: given.description }),
  };
}

/** A label of its nodes that is called `description` describes the service. */
function tagOf({ name, version, nodes }: ServiceRecord): OpenApiDocument['tags'][number] {
  const said = nodes[0]?.metadata['description'];
  return { name, description: said === undefined ? `Version ${version}.` : `${said}\n\nVersion ${version}.` };
}

/** The names that endpoints of two services have: alone they would not tell them apart. */
function sharedNames(endpoints: readonly DescribedEndpoint[]): ReadonlySet<string> {
  const names = endpoints.map(({ name }) => name);
  return new Set(names.filter((name, index) => names.indexOf(name) !== index));
}

/** A class may be called otherwise than a component may: letters, digits and `. - _` of ASCII. */
function componentName(className: string): string {
  const name = className.replaceAll(/[^A-Za-z0-9._-]+/g, '_');
  return /[A-Za-z0-9]/.test(name) ? name : `Class${name}`;
}
