import type { DtoClass } from '@tenon/contract';
import { isDtoClass, isThenable } from '@tenon/schema';
import { copyForeign, copyItems, copyUntyped } from './plain-data.js';

/** Makes an instance of one DTO class from what came. The value given is not changed and nothing of it is shared. */
export type Build = (input: object) => object;

/** Turns what came for a field into what the field holds. */
export type Convert = (value: unknown) => unknown;

/** How one field's value is converted, apart by kind because most values are scalars of fields without a type. */
export interface Conversion {
  /** For strings, numbers, booleans and null; `undefined` where these stay as they are. */
  readonly fromScalar: Convert | undefined;
  /** For objects and arrays. */
  readonly fromObject: Convert;
}

/**
 * How class-transformer converts to a type: each item of an array, `null` left alone, objects to instances.
 *
 * @param builderOf - asked for a nested class. What it gives need not be whole yet: classes may nest one another.
 */
export function conversionTo(type: unknown, builderOf: (dto: DtoClass) => { readonly build: Build }): Conversion {
  if (isDtoClass(type)) return { fromScalar: undefined, fromObject: toInstance(builderOf(type)) };
  const toScalar = scalarConversions.get(type);
  if (toScalar === undefined) return { fromScalar: undefined, fromObject: copyUntyped };
  const fromScalar: Convert = (value) => (value === null || value === undefined ? value : attempt(toScalar, value));
  const fromObject: Convert = (value) => {
    if (Array.isArray(value)) return copyItems(value, fromObject);
    if (value instanceof Set) return [...value].map(fromObject);
    return fromScalar(value);
  };
  return { fromScalar, fromObject };
}

function toInstance(builder: { readonly build: Build }): Convert {
  const one: Convert = (value) => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return copyItems(value, one);
    if (value instanceof Set) return [...value].map(one);
    if (staysItself(value)) return copyForeign(value);
    return builder.build(value);
  };
  return one;
}

/** Values that class-transformer gives their own copy whatever the field's type is. */
function staysItself(value: object): boolean {
  return value instanceof Date || value instanceof Map || Buffer.isBuffer(value) || isThenable(value);
}

const scalarConversions: ReadonlyMap<unknown, Convert> = new Map<unknown, Convert>([
  [String, String],
  [Number, Number],
  [Boolean, Boolean],
  [Date, (value) => new Date((value instanceof Date ? value.getTime() : value) as string)],
  [Buffer, (value) => (value instanceof Date ? new Date(value) : Buffer.from(value as string))],
]);

/** What cannot be converted stays what it was, for the field's rules to refuse. */
function attempt(conversion: Convert, value: unknown): unknown {
  try {
    return conversion(value);
  } catch {
    return copyUntyped(value);
  }
}
