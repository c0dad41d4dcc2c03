import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from '@tenon/contract';
import type { SchemaSource } from './schema-source.js';
import { isObject, subschemasAt } from './subschemas.js';

/** A schema, and the one that its references lead into. */
export interface PlacedSchema {
  readonly schema: JsonSchema;
  readonly source: SchemaSource;
}

/**
 * Whether two schemas say the same, with all that they refer to. Schemas that refer to themselves are the same where no way from them leads
 * to a difference, so what is being compared counts as the same.
 */
export function sameSchema(one: PlacedSchema, other: PlacedSchema): boolean {
  const comparing = new Map<JsonSchema, Set<JsonSchema>>();
  const same = (a: unknown, b: unknown): boolean => {
    if (!isObject(a) || !isObject(b)) return isDeepStrictEqual(a, b);
    const known = comparing.get(a);
    if (known?.has(b) === true) return true;
    comparing.set(a, (known ?? new Set()).add(b));
    const [keys, others] = [keywordsOf(a), keywordsOf(b)];
    return keys.length === others.length && keys.every((key, index) => key === others[index] && sameValue(key, a, b));
  };
  const sameValue = (keyword: string, a: JsonSchema, b: JsonSchema): boolean => {
    const [left, right] = [a[keyword], b[keyword]];
    if (keyword === '$ref' && typeof left === 'string' && typeof right === 'string') {
      const [leftTarget, rightTarget] = [one.source.find(left), other.source.find(right)];
      return leftTarget === undefined || rightTarget === undefined ? left === right : same(leftTarget, rightTarget);
    }
    const [inner, others] = [subschemasAt(keyword, left), subschemasAt(keyword, right)];
    if (inner === undefined || others === undefined) return isDeepStrictEqual(left, right);
    return (
      inner.size === others.size && [...inner].every(([name, one]) => others.has(name) && same(one, others.get(name)))
    );
  };
  return same(one.schema, other.schema);
}

/** All but what only says where a schema lies. */
function keywordsOf(schema: JsonSchema): readonly string[] {
  return Object.keys(schema)
    .filter((keyword) => !ofPlace.has(keyword))
    .sort();
}

/** Keywords that are about the document that a schema stands in, and mean nothing in another one. */
export const ofPlace: ReadonlySet<string> = new Set([
  ...['$schema', '$id', '$anchor', '$dynamicAnchor', '$vocabulary', '$comment', '$defs', 'definitions'],
]);
