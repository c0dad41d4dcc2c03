import {
  type CallPolicy,
  type EndpointKind,
  type EndpointRecord,
  type JsonSchema,
  priorities,
  type ServiceRecord,
  type ValueRecord,
} from '@tenon/contract';
import { recordedKind } from '@tenon/contract/authoring';
import { isObject } from './subschemas.js';

/** One endpoint as its service's record tells of it. A record may be anybody's: what is not as it should be is left out. */
export interface DescribedEndpoint {
  /** `Greeter.Hello`. */
  readonly name: string;
  readonly kind: EndpointKind;
  readonly idempotent: boolean;
  readonly policy: CallPolicy | undefined;
  readonly description: string | undefined;
  /** Why it should not be used any more, as far as that was said; undefined where it may be. */
  readonly deprecated: string | undefined;
  /** JSON Schema; undefined where the endpoint takes nothing, or nothing is known of what it takes. */
  readonly request: unknown;
  /** JSON Schema; undefined where nothing is known of what it gives. */
  readonly response: unknown;
}

/** The endpoints of a service that can be called, each name once, in the order of their names. */
export function describedEndpoints({ endpoints }: ServiceRecord): readonly DescribedEndpoint[] {
  return endpoints
    .filter(({ metadata }) => metadata['subscriber'] !== 'true')
    .filter(({ name }, index, all) => all.findIndex((other) => other.name === name) === index)
    .map(described)
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

function described(endpoint: EndpointRecord): DescribedEndpoint {
  const { name, request, response, metadata } = endpoint;
  const { deprecated } = metadata;
  return {
    name,
    kind: recordedKind(endpoint),
    idempotent: metadata['idempotent'] === 'true',
    policy: policyIn(metadata['policy']),
    description: metadata['description'] || undefined,
    deprecated: deprecated === 'false' ? undefined : deprecated === 'true' ? '' : deprecated,
    request: parsed(metadata['request-schema']) ?? valueSchema(request),
    response: parsed(metadata['response-schema']) ?? valueSchema(response),
  };
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The fields of a policy that are as a {@link CallPolicy} says, ranges too. */
function policyIn(text: string | undefined): CallPolicy | undefined {
  const given = parsed(text);
  if (!isObject(given)) return undefined;
  const number = (name: string, max: number): object => {
    const value = given[name];
    return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max ? { [name]: value } : {};
  };
  const policy: CallPolicy = {
    ...number('timeoutMs', 3_600_000),
    ...number('maxAttempts', 5),
    ...number('hedgeAfterMs', 3_600_000),
    ...(typeof given['waitForReady'] === 'boolean' ? { waitForReady: given['waitForReady'] } : {}),
    ...priorities.filter((priority) => priority === given['priority']).reduce((_, priority) => ({ priority }), {}),
    ...(typeof given['keyField'] === 'string' ? { keyField: given['keyField'] } : {}),
  };
  return Object.keys(policy).length === 0 ? undefined : policy;
}

/** What go-micro's records have instead of a schema: names and types of fields, a few levels deep. All of them may be absent. */
function valueSchema(value: ValueRecord | null, depth = 0): JsonSchema | undefined {
  if (value === null || depth > maxDepth) return undefined;
  const { type, values } = value;
  if (type.startsWith('[]'))
    return { type: 'array', items: valueSchema({ ...value, type: type.slice(2) }, depth + 1) ?? {} };
  if (values === null || values.length === 0)
    return goTypes.get(type.replace(/\d+$/, '')) ?? (depth === 0 ? { title: type, type: 'object' } : {});
  const properties = values.map((field): [string, JsonSchema] => [field.name, valueSchema(field, depth + 1) ?? {}]);
  return { title: type, type: 'object', properties: Object.fromEntries(properties) };
}

/** Types of Go, and those that Tenon itself writes, without the number of bits. */
const goTypes: ReadonlyMap<string, JsonSchema> = new Map<string, JsonSchema>([
  ['string', { type: 'string' }],
  ['bool', { type: 'boolean' }],
  ['boolean', { type: 'boolean' }],
  ['int', { type: 'integer' }],
  ['integer', { type: 'integer' }],
  ['uint', { type: 'integer' }],
  ['float', { type: 'number' }],
  ['number', { type: 'number' }],
]);

const maxDepth = 8;
