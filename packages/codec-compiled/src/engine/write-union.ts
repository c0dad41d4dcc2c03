import type { TypeLayout } from '@tenon/schema';
import type { WriterParts } from './writer-parts.js';
import { unfit, type WriteValue } from './writing.js';

/** The writer of objects that one of their properties tells apart. It is read here, and is no field of what is written behind. */
export function unionWriter(union: Extract<TypeLayout, { kind: 'union' }>, parts: WriterParts): WriteValue {
  const { property, choices } = union;
  const writers = choices.map(({ record }) => parts.recordWithout(record, property));
  const placeOf = new Map<unknown, number>(choices.map(({ name }, place) => [name, place]));
  return (value, writing, position, depth) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, property)) return unfit;
    writing.sink.position = position;
    const place = placeOf.get((value as Readonly<Record<string, unknown>>)[property]);
    if (place === undefined) return unfit;
    const write = writers[place] as WriteValue;
    return write(value, writing, writing.varint(position, place), depth);
  };
}
