import type { FieldLayout, RecordLayout } from '@tenon/schema';

/** Which bits of its record say something about a field. */
export interface FieldBits {
  /** Set where the field is there; undefined for one that always is. */
  readonly there: number | undefined;
  /** Set where it is not null; undefined for one that never is. */
  readonly notNull: number | undefined;
  /** Of a boolean its value; of a number whether it is written as an integer; undefined for others. */
  readonly value: number | undefined;
}

/** The bits of a record. */
export interface RecordBits {
  readonly fields: readonly FieldBits[];
  /** How many bytes they fill. A record without fields has one, without a bit in it. */
  readonly bytes: number;
  /** The bits of the last byte that no field has. */
  readonly unused: number;
}

/** Numbers the bits of a record. */
export function recordBits({ fields: layouts }: RecordLayout): RecordBits {
  let bits = 0;
  const next = (): number => {
    bits += 1;
    return bits - 1;
  };
  const fields = layouts.map((field) => ({
    there: field.optional ? next() : undefined,
    notNull: field.nullable ? next() : undefined,
    value: hasValueBit(field) ? next() : undefined,
  }));
  const bytes = layouts.length === 0 ? 1 : Math.ceil(bits / 8);
  return { fields, bytes, unused: bytes === 0 ? 0 : (0xff << (bits - (bytes - 1) * 8)) & 0xff };
}

function hasValueBit({ type }: FieldLayout): boolean {
  return type.kind === 'boolean' || type.kind === 'number';
}

/** A record of a union, without the property that tells it. */
export function withoutField(layout: RecordLayout, property: string): RecordLayout {
  return { fields: layout.fields.filter(({ name }) => name !== property) };
}
