import type { JsonSchema } from '@tenon/contract';

/** A schema within a schema: an object, or `true` for anything and `false` for nothing. */
export type Subschema = JsonSchema | boolean;

/**
 * A copy of a schema in which each schema directly within it is replaced. Where schemas are is told by the keyword (JSON Schema
 * 2020-12, and 7 for `definitions`); the value of any other keyword is data and stays as it is.
 */
export function mapSubschemas(schema: JsonSchema, map: (inner: Subschema) => Subschema): JsonSchema {
  const mapped = (value: unknown): unknown => (isSubschema(value) ? map(value) : value);
  const entries = Object.entries(schema).map(([keyword, value]): [string, unknown] => {
    if (single.has(keyword)) return [keyword, Array.isArray(value) ? value.map(mapped) : mapped(value)];
    if (listed.has(keyword) && Array.isArray(value)) return [keyword, value.map(mapped)];
    if (!named.has(keyword) || !isObject(value)) return [keyword, value];
    return [keyword, Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mapped(inner)]))];
  });
  return Object.fromEntries(entries);
}

/** The schemas that the value of a keyword is or holds, by name or place; undefined for a keyword whose value is data. */
export function subschemasAt(keyword: string, value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (named.has(keyword)) return new Map(isObject(value) ? Object.entries(value) : []);
  if (!single.has(keyword) && !listed.has(keyword)) return undefined;
  return new Map(Array.isArray(value) ? value.map((inner, index) => [String(index), inner]) : [['', value]]);
}

export function isSubschema(value: unknown): value is Subschema {
  return typeof value === 'boolean' || isObject(value);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const single: ReadonlySet<string> = new Set([
  ...['items', 'additionalItems', 'contains', 'unevaluatedItems'],
  ...['additionalProperties', 'propertyNames', 'unevaluatedProperties'],
  ...['not', 'if', 'then', 'else', 'contentSchema'],
]);
const listed: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const named: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'dependentSchemas',
  '$defs',
  'definitions',
]);
