import {
  type FieldLayout,
  type Layout,
  maxChoices,
  maxEnumValues,
  maxFields,
  maxLayoutBytes,
  maxNameBytes,
  maxRecords,
  maxTypeDepth,
  type RecordLayout,
  type TypeLayout,
  type UnionChoice,
} from './layout.js';
import { LayoutSource } from './layout-source.js';
import { nullableBit, numberCode, optionalBit, scalarKinds, textCode, typeCodes } from './type-codes.js';

/**
 * Reads the binary form of a layout, for bytes that a stranger sent: what is not exactly what `encodeLayout` would have
 * written, or is beyond a limit, is refused with `InvalidArgument`. The layout is frozen and keeps no reference to the
 * buffer.
 */
export function decodeLayout(buffer: Buffer, start: number, end: number): Layout {
  const source = new LayoutSource(buffer, start, end);
  if (source.left > maxLayoutBytes) source.refuse(`it has ${source.left} bytes, more than ${maxLayoutBytes}`);
  // A record has at least the number of its fields, a field a name of one byte, its flags and its type.
  const count = source.count(1, maxRecords, 1, 'records');
  const records = times(count, () => readRecord(source, count));
  if (source.left > 0) source.refuse(`${source.left} bytes are left over`);
  return Object.freeze({ records });
}

function readRecord(source: LayoutSource, records: number): RecordLayout {
  let previous = '';
  const fields = times(source.count(0, maxFields, 4, 'fields'), () => {
    const field = readField(source, records);
    if (field.name <= previous) source.refuse('the names of the fields are not in order');
    previous = field.name;
    return field;
  });
  return Object.freeze({ fields });
}

function readField(source: LayoutSource, records: number): FieldLayout {
  const name = readName(source);
  const flags = source.byte();
  if (flags > (optionalBit | nullableBit)) source.refuse(`${flags} says nothing about a field`);
  const optional = (flags & optionalBit) !== 0;
  const nullable = (flags & nullableBit) !== 0;
  return Object.freeze({ name, optional, nullable, type: readType(source, records, 0) });
}

function readName(source: LayoutSource): string {
  const name = source.text();
  const bytes = Buffer.byteLength(name);
  if (bytes === 0 || bytes > maxNameBytes) source.refuse(`a name has ${bytes} bytes, not 1 to ${maxNameBytes}`);
  if (name === '__proto__') source.refuse('a name is __proto__');
  return name;
}

function readType(source: LayoutSource, records: number, depth: number): TypeLayout {
  if (depth > maxTypeDepth) source.refuse(`types stand inside one another more than ${maxTypeDepth} deep`);
  const code = source.byte();
  const scalar = scalarKinds[code];
  if (scalar !== undefined) return Object.freeze({ kind: scalar });
  switch (code) {
    case typeCodes.enum:
      return Object.freeze({ kind: 'enum', values: readEnum(source) });
    case typeCodes.record:
      return Object.freeze({ kind: 'record', record: readNumber(source, records) });
    case typeCodes.array:
      return Object.freeze({ kind: 'array', items: readType(source, records, depth + 1) });
    case typeCodes.map:
      return Object.freeze({ kind: 'map', values: readType(source, records, depth + 1) });
    case typeCodes.union: {
      const property = readName(source);
      return Object.freeze({ kind: 'union', property, choices: readChoices(source, records) });
    }
    default:
      return source.refuse(`there is no type ${code}`);
  }
}

function readEnum(source: LayoutSource): readonly (string | number)[] {
  const seen = new Set<string | number>();
  return times(source.count(1, maxEnumValues, 2, 'values of an enum'), () => {
    const value = readEnumValue(source);
    if (seen.has(value)) source.refuse('an enum has a value twice');
    seen.add(value);
    return value;
  });
}

function readEnumValue(source: LayoutSource): string | number {
  const code = source.byte();
  if (code === textCode) return source.text();
  if (code !== numberCode) source.refuse(`there is no value of an enum ${code}`);
  const value = source.double();
  // Equal to nothing, or equal to another number: neither could be found again by its value.
  if (Number.isNaN(value) || Object.is(value, -0)) source.refuse('a value of an enum is NaN or −0');
  return value;
}

function readChoices(source: LayoutSource, records: number): readonly UnionChoice[] {
  const seen = new Set<string>();
  return times(source.count(1, maxChoices, 2, 'choices of a union'), () => {
    const name = source.text();
    if (seen.has(name)) source.refuse('a union has a choice twice');
    seen.add(name);
    return Object.freeze({ name, record: readNumber(source, records) });
  });
}

function readNumber(source: LayoutSource, records: number): number {
  const record = source.varint();
  if (record >= records) source.refuse(`there is no record ${record} among ${records}`);
  return record;
}

function times<T>(count: number, read: () => T): readonly T[] {
  const list: T[] = [];
  for (let index = 0; index < count; index += 1) list.push(read());
  return Object.freeze(list);
}
