import { types } from 'node:util';
import { plainToInstance } from 'class-transformer';

/** What came off a wire before it is anything else. */
export type PlainRecord = Record<string, unknown>;

/**
 * A copy of a value that no class describes, as class-transformer makes it: nothing is shared with what was given, and
 * keys that every object inherits (`__proto__`, `constructor`, `toString`, …) and `prototype` are dropped.
 */
export function copyUntyped(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return copyItems(value, copyUntyped);
  if (isPlain(value)) return copyRecord(value);
  return copyForeign(value);
}

/** A copy of an array, holes closed as class-transformer closes them. */
export function copyItems(items: readonly unknown[], copy: (item: unknown) => unknown): unknown[] {
  const copies: unknown[] = [];
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index];
    if (item !== undefined || index in items) copies.push(copy(item));
  }
  return copies;
}

/**
 * A copy of a date, a buffer, a set or whatever else is neither plain data nor an array. A typed array is copied whole;
 * class-transformer would make an empty one of it.
 */
export function copyForeign(value: object): unknown {
  if (value instanceof Date) return new Date(value.getTime());
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  if (types.isTypedArray(value)) return value.slice();
  return (plainToInstance(Object, { value }) as { value?: unknown }).value;
}

/** Made by a literal or a decoder, not by a class. */
export function isPlain(value: object): value is PlainRecord {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Keys that never become a field of their own. */
export function isForbiddenKey(key: string): boolean {
  return key in Object.prototype || key === 'prototype';
}

/**
 * A deep copy for `plainToInstance`, which writes to what it is given (discriminators are deleted) and stumbles over keys
 * that reach a prototype. Undefined fields are left out: they count as absent.
 */
export function copyForTransformer(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return copyItems(value, copyForTransformer);
  if (!isPlain(value) && isForeign(value)) return value;
  const copy: PlainRecord = Object.create(Object.getPrototypeOf(value) ?? Object.prototype);
  for (const key of Object.keys(value)) {
    const field = (value as PlainRecord)[key];
    if (field !== undefined && !isForbiddenKey(key)) copy[key] = copyForTransformer(field);
  }
  return copy;
}

/** Objects of the language's own that have no fields to speak of: what they hold is not under keys. */
export function isForeign(value: object): boolean {
  return foreignTypes.some((type) => value instanceof type) || ArrayBuffer.isView(value);
}

const foreignTypes = Object.freeze([Date, Map, Set, Promise, RegExp, ArrayBuffer, Boolean, Number, String]);

function copyRecord(record: PlainRecord): PlainRecord {
  const copy: PlainRecord = {};
  for (const key of Object.keys(record)) {
    if (!isForbiddenKey(key)) copy[key] = copyUntyped(record[key]);
  }
  return copy;
}
