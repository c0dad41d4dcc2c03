import type { FieldLayout, RecordLayout } from '@tenon/schema';
import { isInherited, setOwn } from './plain-object.js';
import type { ReaderParts } from './reader-parts.js';
import type { Reading, ReadValue } from './reading.js';
import { type FieldBits, recordBits } from './record-bits.js';
import { readNumber, typeReader } from './type-readers.js';

/** A property of which it is known what it holds, ahead of the fields. */
export interface Told {
  readonly property: string;
  readonly text: string;
}

/** The reader of one record, made of closures: names are set as data and never become a part of the code. */
export function recordReader(layout: RecordLayout, parts: ReaderParts, told?: Told): ReadValue {
  const bits = recordBits(layout);
  const fields = layout.fields.map((field, index) => fieldReader(field, bits.fields[index] as FieldBits, parts));
  const elements = fields.length + 1;
  return (reading, depth) => {
    reading.enter(depth, elements);
    const from = reading.take(bits.bytes);
    if (bits.unused !== 0 && ((reading.buffer[from + bits.bytes - 1] as number) & bits.unused) !== 0) {
      throw reading.refusal('unused bits that are not 0', from);
    }
    const record: Record<string, unknown> = {};
    if (told !== undefined) setField(record, told.property, isInherited(told.property), told.text);
    for (const field of fields) {
      const value = field.read(reading, from, depth + 1);
      if (value !== undefined) setField(record, field.name, field.inherited, value);
    }
    return record;
  };
}

interface FieldReader {
  readonly name: string;
  readonly inherited: boolean;
  /** The field's value; undefined where it is not there. `from` is where the bits of its record are. */
  readonly read: (reading: Reading, from: number, depth: number) => unknown;
}

function fieldReader(field: FieldLayout, bits: FieldBits, parts: ReaderParts): FieldReader {
  const { name, type } = field;
  const content = typeReader(type, parts);
  const isSet = (reading: Reading, from: number, bit: number | undefined): boolean =>
    bit !== undefined && ((reading.buffer[from + (bit >>> 3)] as number) & (1 << (bit & 7))) !== 0;
  const read: FieldReader['read'] = (reading, from, depth) => {
    const there = bits.there === undefined || isSet(reading, from, bits.there);
    const notNull = bits.notNull === undefined ? there : isSet(reading, from, bits.notNull);
    const value = isSet(reading, from, bits.value);
    if ((notNull && !there) || (value && !notNull)) throw reading.refusal('bits of a value that is not there', from);
    if (!notNull) return there ? null : undefined;
    if (type.kind === 'boolean') return value;
    return type.kind === 'number' ? readNumber(parts.doubles, value, reading) : content(reading, depth);
  };
  return { name, inherited: isInherited(name), read };
}

function setField(record: Record<string, unknown>, name: string, inherited: boolean, value: unknown): void {
  if (inherited) setOwn(record, name, value);
  else record[name] = value;
}
