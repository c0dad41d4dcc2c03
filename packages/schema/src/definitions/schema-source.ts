import type { JsonSchema } from '@tenon/contract';
import { pointerNames } from '@tenon/contract/authoring';
import { isObject, isSubschema } from './subschemas.js';

/** One JSON Schema as it came, whose references lead into itself. */
export class SchemaSource {
  constructor(
    readonly root: JsonSchema,
    /** What the schema is called where it has no title. */
    readonly hint: string,
  ) {}

  /** The schema that a reference leads to; undefined for what is elsewhere or not there. */
  find(reference: string): JsonSchema | undefined {
    let place: unknown = this.root;
    for (const name of pointerNames(reference) ?? [missing]) {
      const inner: unknown = typeof place === 'object' && place !== null ? Reflect.get(place, name) : undefined;
      const isOwn = typeof place === 'object' && place !== null && Object.hasOwn(place, name);
      place = isOwn ? inner : undefined;
    }
    return isObject(place) ? place : place === true ? {} : undefined;
  }

  /** What a schema wants to be called: by its title where that reads like a name, else by the last part of what led to it. */
  nameOf(schema: JsonSchema, reference = '#'): string {
    if (typeof schema.title === 'string' && className.test(schema.title)) return schema.title;
    return pointerNames(reference)?.at(-1) ?? this.hint;
  }
}

/**
 * Whether schemas within it lie so deep, or are so many, that nobody wrote them: what comes from a registry may be anybody's.
 * Looked at without recursion.
 */
export function isExcessive(schema: unknown): boolean {
  const waiting: (readonly [value: unknown, depth: number])[] = [[schema, 0]];
  let seen = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [value, depth] = next;
    seen += 1;
    if (depth > maxDepth || seen > maxValues) return true;
    if (typeof value !== 'object' || value === null) continue;
    for (const inner of Object.values(value))
      if (isSubschema(inner) || Array.isArray(inner)) waiting.push([inner, depth + 1]);
  }
  return false;
}

const className = /^[\p{L}_$][\p{L}\p{M}\p{N}_$.~/-]*$/u;
const missing = ' ';
const maxDepth = 64;
const maxValues = 20_000;
