import type { TypeLayout } from '@tenon/schema';
import type { Doubles } from './doubles.js';
import { places } from './enum-places.js';
import { maxDepth } from './limits.js';
import { writeBigint, writeBytes, writeDate, writePlain } from './rare-writers.js';
import { isWhole } from './signed-varint.js';
import { mapWriter } from './write-map.js';
import { unionWriter } from './write-union.js';
import type { WriterParts } from './writer-parts.js';
import { unfit, type WriteValue, type Writing } from './writing.js';

/** The writer of the values of one type, as items. The bits of a field say already what is written here for a boolean and a number. */
export function typeWriter(type: TypeLayout, parts: WriterParts): WriteValue {
  switch (type.kind) {
    case 'any':
      return writePlain;
    case 'string':
      return (value, writing, position) => (typeof value === 'string' ? writing.text(position, value) : unfit);
    case 'boolean':
      return (value, writing, position) => (typeof value === 'boolean' ? writing.byte(position, value ? 1 : 0) : unfit);
    case 'integer':
      return (value, writing, position) =>
        typeof value === 'number' && isWhole(value) ? writing.signed(position, value) : unfit;
    case 'number':
      return numberItemWriter(parts.doubles);
    case 'bigint':
      return writeBigint;
    case 'date':
      return writeDate;
    case 'bytes':
      return writeBytes;
    case 'enum':
      return enumWriter(type.values);
    case 'record':
      return (value, writing, position, depth) =>
        (parts.records[type.record] as WriteValue)(value, writing, position, depth);
    case 'array':
      return arrayWriter(typeWriter(type.items, parts));
    case 'map':
      return mapWriter(typeWriter(type.values, parts));
    case 'union':
      return unionWriter(type, parts);
  }
}

/** Writes a number as its bit says. */
export function writeNumber(
  doubles: Doubles,
  value: number,
  whole: boolean,
  writing: Writing,
  position: number,
): number {
  if (whole) return writing.signed(position, value);
  doubles.write(writing.room(position, 8), position, value);
  return position + 8;
}

function numberItemWriter(doubles: Doubles): WriteValue {
  return (value, writing, position) => {
    if (typeof value !== 'number') return unfit;
    const whole = isWhole(value);
    return writeNumber(doubles, value, whole, writing, writing.byte(position, whole ? 1 : 0));
  };
}

function enumWriter(values: readonly (string | number)[]): WriteValue {
  const placeOf = places(values);
  return (value, writing, position) => {
    const place = placeOf(value);
    return place === undefined ? unfit : writing.varint(position, place);
  };
}

function arrayWriter(writeItem: WriteValue): WriteValue {
  return (value, writing, position, depth) => {
    if (!Array.isArray(value) || depth >= maxDepth) return unfit;
    const { length } = value;
    writing.left -= length;
    if (writing.left < 0) return unfit;
    let at = writing.varint(position, length);
    for (let index = 0; index < length; index += 1) {
      writing.sink.position = at;
      const item: unknown = value[index];
      if (item === undefined) return unfit;
      at = writeItem(item, writing, at, depth + 1);
      if (at < 0) return unfit;
    }
    return at;
  };
}
