import type { DtoType } from './dto-schema.js';
import { maxEnumValues } from './layout.js';

/**
 * What one source (a rule, `@Type`, the compiler) says about a value. `object`: some object but an array; `list`: an array,
 * whatever its items are; `dictionary`: a `Map`, whatever its values are; `any`: that it cannot be said.
 */
export type Evidence =
  | Exclude<DtoType, { readonly kind: 'array' | 'map' }>
  | { readonly kind: 'object' | 'list' | 'dictionary' };

/** What two sources say together: the narrower of two that agree, `any` for two that do not. */
export function meet(one: Evidence | undefined, other: Evidence | undefined): Evidence | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return narrowed(one, other) ?? narrowed(other, one) ?? { kind: 'any' };
}

/** Some texts and numbers to choose from, as far as they can be told apart and written; else what they have in common. */
export function oneOf(values: readonly unknown[]): Evidence | undefined {
  const distinct = [...new Set(values)];
  const texts = distinct.every((value) => typeof value === 'string');
  const numbers = distinct.every((value) => typeof value === 'number');
  if (distinct.length === 0) return undefined;
  if (distinct.length <= maxEnumValues && distinct.every(isEnumValue)) return { kind: 'enum', values: distinct };
  if (texts) return { kind: 'string' };
  return numbers ? { kind: 'number' } : { kind: 'any' };
}

/** The first, where it says all that the second does. */
function narrowed(one: Evidence, other: Evidence): Evidence | undefined {
  if (one.kind === 'any') return one;
  if (one.kind === 'enum') return narrowedEnum(one.values, other);
  if (one.kind === 'record' && other.kind === 'record') return one.dto === other.dto ? one : undefined;
  if (one.kind === other.kind) return one;
  if (other.kind === 'object') return objects.includes(one.kind) ? one : undefined;
  return one.kind === 'integer' && other.kind === 'number' ? one : undefined;
}

const objects: readonly string[] = Object.freeze(['record', 'union', 'dictionary', 'date', 'bytes']);

function narrowedEnum(values: readonly (string | number)[], other: Evidence): Evidence | undefined {
  const kept = values.filter((value) => {
    switch (other.kind) {
      case 'enum':
        return other.values.includes(value);
      case 'string':
        return typeof value === 'string';
      case 'number':
        return typeof value === 'number';
      case 'integer':
        return Number.isSafeInteger(value);
      default:
        return false;
    }
  });
  return kept.length === 0 ? undefined : { kind: 'enum', values: kept };
}

/** `NaN` and −0 are not found again by comparing, and a text with half a surrogate pair is no UTF-8. */
function isEnumValue(value: unknown): value is string | number {
  if (typeof value === 'string') return isWellFormed(value);
  return typeof value === 'number' && !Number.isNaN(value) && !Object.is(value, -0);
}

/** Whether a text survives being written as UTF-8. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
