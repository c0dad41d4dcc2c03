import type { TypeLayout } from '@tenon/schema';
import type { Doubles } from './doubles.js';
import { readBigint, readBytes, readDate, readPlain } from './rare-readers.js';
import { mapReader } from './read-map.js';
import { unionReader } from './read-union.js';
import type { ReaderParts } from './reader-parts.js';
import type { Reading, ReadValue } from './reading.js';

/** The reader of the values of one type, as items. The bits of a field say already what stands here for a boolean and a number. */
export function typeReader(type: TypeLayout, parts: ReaderParts): ReadValue {
  switch (type.kind) {
    case 'any':
      return readPlain;
    case 'string':
      return (reading) => reading.text();
    case 'boolean':
      return (reading) => reading.flag();
    case 'integer':
      return (reading) => reading.signed();
    case 'number':
      return (reading) => readNumber(parts.doubles, reading.flag(), reading);
    case 'bigint':
      return readBigint;
    case 'date':
      return readDate;
    case 'bytes':
      return readBytes;
    case 'enum':
      return enumReader(type.values);
    case 'record':
      return (reading, depth) => (parts.records[type.record] as ReadValue)(reading, depth);
    case 'array':
      return arrayReader(typeReader(type.items, parts));
    case 'map':
      return mapReader(typeReader(type.values, parts));
    case 'union':
      return unionReader(type, parts);
  }
}

/** Reads a number of which its bit said whether it is whole. */
export function readNumber(doubles: Doubles, whole: boolean, reading: Reading): number {
  return whole ? reading.signed() : doubles.read(reading.buffer, reading.take(8));
}

function enumReader(values: readonly (string | number)[]): ReadValue {
  return (reading) => {
    const at = reading.position;
    const place = reading.varint();
    if (place >= values.length) throw reading.refusal('a place that the enum does not have', at);
    return values[place];
  };
}

function arrayReader(readItem: ReadValue): ReadValue {
  return (reading, depth) => {
    const count = reading.count(depth);
    const items: unknown[] = [];
    for (let index = 0; index < count; index += 1) items.push(readItem(reading, depth + 1));
    return items;
  };
}
