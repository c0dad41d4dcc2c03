import type { FieldLayout, RecordLayout } from '@tenon/schema';
import { type FieldBits, type RecordBits } from './record-bits.js';

/** A field in generated code. Its value is in the local `v` and its index: undefined where it is not there. */
export interface FieldCode extends FieldLayout {
  readonly index: number;
  readonly bits: FieldBits;
}

/** The fields of a record. */
export function fieldCodes(layout: RecordLayout, bits: RecordBits): readonly FieldCode[] {
  return layout.fields.map((field, index) => ({ ...field, index, bits: bits.fields[index] as FieldBits }));
}
