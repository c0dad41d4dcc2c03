import type { FieldLayout, RecordLayout } from '@tenon/schema';
import { maxDepth } from './limits.js';
import { isInherited } from './plain-object.js';
import { type FieldBits, recordBits } from './record-bits.js';
import { RecordObjects } from './record-objects.js';
import { isWhole } from './signed-varint.js';
import { typeWriter, writeNumber } from './type-writers.js';
import type { WriterParts } from './writer-parts.js';
import { unfit, type WriteValue, type Writing } from './writing.js';

/**
 * The writer of one record, made of closures.
 *
 * @param told - a property that the value may have although it is not written.
 */
export function recordWriter(layout: RecordLayout, parts: WriterParts, told?: string): WriteValue {
  const bits = recordBits(layout);
  const fields = layout.fields.map((field, index) => fieldWriter(field, bits.fields[index] as FieldBits, parts));
  const names = fields.map(({ name }) => name);
  const objects = new RecordObjects(told === undefined ? names : [...names, told]);
  const elements = fields.length + 1;
  const toldKeys = told === undefined ? 0 : 1;

  return (value, writing, position, depth) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || depth >= maxDepth) return unfit;
    writing.left -= elements;
    if (writing.left < 0) return unfit;
    writing.sink.position = position;
    const prototype: object | null = Object.getPrototypeOf(value);
    const plain = prototype === Object.prototype || prototype === null;
    if (!plain && !objects.isRecord(value, prototype)) return unfit;
    const values = fields.map(({ read }) => read(value));
    const came = values.reduce<number>((count, one) => (one === undefined ? count : count + 1), toldKeys);
    if (objects.countKeys(value) < came) return unfit;

    const buffer = writing.room(position, bits.bytes);
    buffer.fill(0, position, position + bits.bytes);
    for (let index = 0; index < fields.length; index += 1) {
      if (!(fields[index] as FieldWriter).mark(values[index], buffer, position)) return unfit;
    }
    let at = position + bits.bytes;
    for (let index = 0; index < fields.length; index += 1) {
      const one = values[index];
      const field = fields[index] as FieldWriter;
      if (one === undefined || (one === null && !field.carriesNull)) continue;
      at = field.write(one, writing, at, depth + 1);
      if (at < 0) return unfit;
    }
    return at;
  };
}

interface FieldWriter {
  readonly name: string;
  readonly read: (record: object) => unknown;
  /** Whether `null` is written like any other value, because the type carries it. */
  readonly carriesNull: boolean;
  /** Sets the bits of a value. False where it must not be absent, or null, or is not what has a bit. */
  readonly mark: (value: unknown, buffer: Buffer, position: number) => boolean;
  readonly write: WriteValue;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldWriter(field: FieldLayout, bits: FieldBits, parts: WriterParts): FieldWriter {
  const { name, type } = field;
  const ownOnly = isInherited(name);
  const carriesNull = type.kind === 'any' && !field.nullable;
  return {
    name,
    carriesNull,
    read: (record) => (ownOnly && !Object.hasOwn(record, name) ? undefined : (record as Fields)[name]),
    mark: (value, buffer, position) => {
      if (value === undefined) return bits.there !== undefined;
      if (bits.there !== undefined) setBit(buffer, position, bits.there);
      if (value === null) return carriesNull || bits.notNull !== undefined;
      if (bits.notNull !== undefined) setBit(buffer, position, bits.notNull);
      if (bits.value === undefined) return true;
      if (typeof value !== type.kind) return false;
      if (type.kind === 'boolean' ? value === true : isWhole(value as number)) setBit(buffer, position, bits.value);
      return true;
    },
    write: contentWriter(field, parts),
  };
}

function setBit(buffer: Buffer, position: number, bit: number): void {
  const at = position + (bit >>> 3);
  buffer[at] = (buffer[at] as number) | (1 << (bit & 7));
}

/** What a field has beside its bits. */
function contentWriter({ type }: FieldLayout, parts: WriterParts): WriteValue {
  if (type.kind === 'boolean') return (_value, _writing: Writing, position) => position;
  if (type.kind !== 'number') return typeWriter(type, parts);
  return (value, writing, position) =>
    writeNumber(parts.doubles, value as number, isWhole(value as number), writing, position);
}
