import type { TypeLayout } from '@tenon/schema';
import type { ReaderParts } from './reader-parts.js';
import type { ReadValue } from './reading.js';

/** The reader of objects that one of their properties tells apart. */
export function unionReader(union: Extract<TypeLayout, { kind: 'union' }>, parts: ReaderParts): ReadValue {
  const readers = union.choices.map(({ record, name }) => parts.recordTold(record, union.property, name));
  return (reading, depth) => {
    const at = reading.position;
    const read = readers[reading.varint()];
    if (read === undefined) throw reading.refusal('a class that the union does not have', at);
    return read(reading, depth);
  };
}
