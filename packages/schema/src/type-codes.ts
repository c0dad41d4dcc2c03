import type { ScalarKind, TypeLayout } from './layout.js';

/** The byte that stands for each kind of type in the binary form of a layout. */
export const typeCodes: Readonly<Record<TypeLayout['kind'], number>> = Object.freeze({
  any: 0x00,
  string: 0x01,
  boolean: 0x02,
  integer: 0x03,
  number: 0x04,
  bigint: 0x05,
  date: 0x06,
  bytes: 0x07,
  enum: 0x08,
  record: 0x09,
  array: 0x0a,
  map: 0x0b,
  union: 0x0c,
});

/** The kinds that are said by their byte alone, in its order. */
export const scalarKinds: readonly ScalarKind[] = Object.freeze([
  'any',
  'string',
  'boolean',
  'integer',
  'number',
  'bigint',
  'date',
  'bytes',
]);

/** Bits of the byte behind a field's name. */
export const optionalBit = 1;
export const nullableBit = 2;

/** What stands before each value of an enum. */
export const textCode = 0;
export const numberCode = 1;
