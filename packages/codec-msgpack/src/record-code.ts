/** What writes the fields of a record: see {@link RecordCode.write}. */
export interface FieldWriter<S> {
  /** Writes one field of a record. `depth` counts the containers around its value. */
  field(shape: S, field: number, value: unknown, depth: number): void;
  /** What is thrown on when a field could not be written. */
  failed(thrown: unknown, name: string): unknown;
}

/** What reads the fields of a record: see {@link RecordCode.read}. */
export interface FieldReader<S> {
  /** Whether the value of a field comes next, in its place. */
  isNext(shape: S, field: number): boolean;
  value(depth: number): unknown;
  /** Reads the fields from one on, whichever they are, into the record, and returns it. */
  rest(shape: S, field: number, record: Record<string, unknown>, depth: number): Record<string, unknown>;
}

/** The loops over the fields of records of one shape. */
export interface RecordCode {
  /** Whether a plain object has exactly the names of the shape, in their order. */
  matches(record: object): boolean;
  /** Hands each field to the writer, in order, each read once. */
  write<S>(writer: FieldWriter<S>, shape: S, record: Readonly<Record<string, unknown>>, depth: number): void;
  /** Makes a plain object of the fields that the reader gives. */
  read<S>(reader: FieldReader<S>, shape: S, depth: number): Record<string, unknown>;
}

/**
 * The loops for one list of names, with the first 16 fields written out: a place in the code that only ever sees one name
 * is one that the engine compiles to a load or a store at a known offset.
 *
 * It stands alone, without a reference to anything outside of itself, because {@link RecordCodes} makes copies of it.
 */
export function recordCode(names: readonly string[]): RecordCode {
  const count = names.length;
  // biome-ignore format: one name for each field that is written out
  const [n0 = '', n1 = '', n2 = '', n3 = '', n4 = '', n5 = '', n6 = '', n7 = '',
    n8 = '', n9 = '', n10 = '', n11 = '', n12 = '', n13 = '', n14 = '', n15 = ''] = names;

  return {
    matches(record) {
      let field = 0;
      for (const name in record) {
        if (name !== names[field]) return false;
        field += 1;
      }
      return field === count;
    },

    // biome-ignore format: one line for each field, and the pattern shows
    write(writer, shape, record, depth) {
      let field = 0;
      try {
        writer.field(shape, 0, record[n0], depth); if (count === 1) return; field = 1;
        writer.field(shape, 1, record[n1], depth); if (count === 2) return; field = 2;
        writer.field(shape, 2, record[n2], depth); if (count === 3) return; field = 3;
        writer.field(shape, 3, record[n3], depth); if (count === 4) return; field = 4;
        writer.field(shape, 4, record[n4], depth); if (count === 5) return; field = 5;
        writer.field(shape, 5, record[n5], depth); if (count === 6) return; field = 6;
        writer.field(shape, 6, record[n6], depth); if (count === 7) return; field = 7;
        writer.field(shape, 7, record[n7], depth); if (count === 8) return; field = 8;
        writer.field(shape, 8, record[n8], depth); if (count === 9) return; field = 9;
        writer.field(shape, 9, record[n9], depth); if (count === 10) return; field = 10;
        writer.field(shape, 10, record[n10], depth); if (count === 11) return; field = 11;
        writer.field(shape, 11, record[n11], depth); if (count === 12) return; field = 12;
        writer.field(shape, 12, record[n12], depth); if (count === 13) return; field = 13;
        writer.field(shape, 13, record[n13], depth); if (count === 14) return; field = 14;
        writer.field(shape, 14, record[n14], depth); if (count === 15) return; field = 15;
        writer.field(shape, 15, record[n15], depth); if (count === 16) return; field = 16;
        for (; field < count; field += 1) writer.field(shape, field, record[names[field] as string], depth);
      } catch (thrown) {
        throw writer.failed(thrown, names[field] as string);
      }
    },

    // biome-ignore format: one line for each field, and the pattern shows
    read(reader, shape, depth) {
      const record: Record<string, unknown> = {};
      if (!reader.isNext(shape, 0)) return reader.rest(shape, 0, record, depth);
      record[n0] = reader.value(depth); if (count === 1) return record;
      if (!reader.isNext(shape, 1)) return reader.rest(shape, 1, record, depth);
      record[n1] = reader.value(depth); if (count === 2) return record;
      if (!reader.isNext(shape, 2)) return reader.rest(shape, 2, record, depth);
      record[n2] = reader.value(depth); if (count === 3) return record;
      if (!reader.isNext(shape, 3)) return reader.rest(shape, 3, record, depth);
      record[n3] = reader.value(depth); if (count === 4) return record;
      if (!reader.isNext(shape, 4)) return reader.rest(shape, 4, record, depth);
      record[n4] = reader.value(depth); if (count === 5) return record;
      if (!reader.isNext(shape, 5)) return reader.rest(shape, 5, record, depth);
      record[n5] = reader.value(depth); if (count === 6) return record;
      if (!reader.isNext(shape, 6)) return reader.rest(shape, 6, record, depth);
      record[n6] = reader.value(depth); if (count === 7) return record;
      if (!reader.isNext(shape, 7)) return reader.rest(shape, 7, record, depth);
      record[n7] = reader.value(depth); if (count === 8) return record;
      if (!reader.isNext(shape, 8)) return reader.rest(shape, 8, record, depth);
      record[n8] = reader.value(depth); if (count === 9) return record;
      if (!reader.isNext(shape, 9)) return reader.rest(shape, 9, record, depth);
      record[n9] = reader.value(depth); if (count === 10) return record;
      if (!reader.isNext(shape, 10)) return reader.rest(shape, 10, record, depth);
      record[n10] = reader.value(depth); if (count === 11) return record;
      if (!reader.isNext(shape, 11)) return reader.rest(shape, 11, record, depth);
      record[n11] = reader.value(depth); if (count === 12) return record;
      if (!reader.isNext(shape, 12)) return reader.rest(shape, 12, record, depth);
      record[n12] = reader.value(depth); if (count === 13) return record;
      if (!reader.isNext(shape, 13)) return reader.rest(shape, 13, record, depth);
      record[n13] = reader.value(depth); if (count === 14) return record;
      if (!reader.isNext(shape, 14)) return reader.rest(shape, 14, record, depth);
      record[n14] = reader.value(depth); if (count === 15) return record;
      if (!reader.isNext(shape, 15)) return reader.rest(shape, 15, record, depth);
      record[n15] = reader.value(depth); if (count === 16) return record;
      return reader.rest(shape, 16, record, depth);
    },
  };
}
