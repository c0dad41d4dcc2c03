import { createHash } from 'node:crypto';
import type { Layout, TypeLayout } from './layout.js';
import { nullableBit, numberCode, optionalBit, textCode, typeCodes } from './type-codes.js';

/**
 * The binary form of a layout (docs/wire/compiled.md): equal layouts give equal bytes, and different ones different bytes.
 * For layouts that {@link SchemaReader.read} or `decodeLayout` gave; what these keep to is not checked again.
 */
export function encodeLayout({ records }: Layout): Buffer {
  const output = new Bytes();
  output.varint(records.length);
  for (const { fields } of records) {
    output.varint(fields.length);
    for (const { name, optional, nullable, type } of fields) {
      output.text(name);
      output.byte((optional ? optionalBit : 0) | (nullable ? nullableBit : 0));
      writeType(output, type);
    }
  }
  return output.whole();
}

/** What two sides compare to know that their layouts are the same: 32 hexadecimal digits. */
export function layoutHash(layout: Layout): string {
  return createHash('sha256').update(encodeLayout(layout)).digest('hex').slice(0, 32);
}

function writeType(output: Bytes, type: TypeLayout): void {
  output.byte(typeCodes[type.kind]);
  switch (type.kind) {
    case 'enum':
      output.varint(type.values.length);
      for (const value of type.values) writeEnumValue(output, value);
      return;
    case 'record':
      output.varint(type.record);
      return;
    case 'array':
      writeType(output, type.items);
      return;
    case 'map':
      writeType(output, type.values);
      return;
    case 'union':
      output.text(type.property);
      output.varint(type.choices.length);
      for (const { name, record } of type.choices) {
        output.text(name);
        output.varint(record);
      }
  }
}

function writeEnumValue(output: Bytes, value: string | number): void {
  output.byte(typeof value === 'string' ? textCode : numberCode);
  if (typeof value === 'string') output.text(value);
  else output.double(value);
}

/** Bytes that are put one behind the other. A layout is small and is written once. */
class Bytes {
  readonly #parts: Buffer[] = [];

  byte(value: number): void {
    this.#parts.push(Buffer.of(value));
  }

  varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  text(value: string): void {
    const bytes = Buffer.from(value);
    this.varint(bytes.length);
    this.#parts.push(bytes);
  }

  double(value: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    this.#parts.push(bytes);
  }

  whole(): Buffer {
    return Buffer.concat(this.#parts);
  }
}
