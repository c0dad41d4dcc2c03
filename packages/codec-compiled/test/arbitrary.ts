import type { FieldLayout, Layout, RecordLayout, TypeLayout } from '@tenon/schema';
import fc from 'fast-check';

/** A layout and values that fit it. */
export interface Case {
  readonly layout: Layout;
  readonly values: readonly unknown[];
}

/** Layouts of a few classes, which may nest one another and themselves, each with values. */
export function cases(): fc.Arbitrary<Case> {
  return layouts().chain((layout) =>
    fc.array(valuesOf({ kind: 'record', record: 0 }, layout, 3), { minLength: 1, maxLength: 4 }).map((values) => ({
      layout,
      values,
    })),
  );
}

function layouts(): fc.Arbitrary<Layout> {
  return fc
    .integer({ min: 1, max: 4 })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, record) => recordLayout(record, count))))
    .map((records) => ({ records }));
}

function recordLayout(record: number, count: number): fc.Arbitrary<RecordLayout> {
  const field: fc.Arbitrary<FieldLayout> = fc.record({
    name: fieldName(),
    optional: fc.boolean(),
    nullable: fc.boolean(),
    type: typeLayout(record, count, 2),
  });
  return fc
    .uniqueArray(field, { selector: ({ name }) => name, maxLength: 9 })
    .map((fields) => ({ fields: [...fields].sort((one, other) => (one.name < other.name ? -1 : 1)) }));
}

function fieldName(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constantFrom('a', 'b', 'c', 'd', 'id', 'name', 'items', 'kind'),
    fc.constantFrom('constructor', 'toString', 'hasOwnProperty', 'prototype', 'then', 'length', '0', '7'),
    fc.constantFrom('\u2028', '\u2029', '"', "'", '`$' + '{a}`', '*/', '\\', '\n', 'größe', '名'),
    fc.string({ minLength: 1, maxLength: 12 }).filter((name) => name !== '__proto__' && name !== 'toJSON'),
  );
}

/** Records directly in records come later in the list, so that values have an end. */
function typeLayout(record: number, count: number, depth: number): fc.Arbitrary<TypeLayout> {
  const scalars = fc
    .constantFrom('any', 'string', 'boolean', 'integer', 'number', 'bigint', 'date', 'bytes')
    .map((kind): TypeLayout => ({ kind }) as TypeLayout);
  const options: fc.Arbitrary<TypeLayout>[] = [scalars, scalars, enumLayout()];
  if (record + 1 < count) {
    options.push(fc.integer({ min: record + 1, max: count - 1 }).map((inner) => ({ kind: 'record', record: inner })));
    options.push(unionLayout(record + 1, count));
  }
  if (depth > 0) {
    const items = fc.oneof(typeLayout(record, count, depth - 1), anyRecord(count), unionLayout(0, count));
    options.push(items.map((inner): TypeLayout => ({ kind: 'array', items: inner })));
    options.push(items.map((inner): TypeLayout => ({ kind: 'map', values: inner })));
  }
  return fc.oneof(...options);
}

function anyRecord(count: number): fc.Arbitrary<TypeLayout> {
  return fc.nat({ max: count - 1 }).map((record): TypeLayout => ({ kind: 'record', record }));
}

function enumLayout(): fc.Arbitrary<TypeLayout> {
  const value = fc.oneof(fc.string({ maxLength: 5 }), fc.double({ noNaN: true }), fc.integer({ min: -3, max: 3 }));
  return fc.uniqueArray(value, { minLength: 1, maxLength: 200 }).map((values) => ({ kind: 'enum', values }));
}

function unionLayout(from: number, count: number): fc.Arbitrary<TypeLayout> {
  const choice = fc.record({ name: fc.string({ maxLength: 4 }), record: fc.integer({ min: from, max: count - 1 }) });
  return fc.record({
    kind: fc.constant('union' as const),
    property: fc.constantFrom('kind', '$type', 'constructor'),
    choices: fc.uniqueArray(choice, { selector: ({ name }) => name, minLength: 1, maxLength: 4 }),
  });
}

/** A value of a type. Without fuel, arrays and maps are empty. */
function valuesOf(type: TypeLayout, layout: Layout, fuel: number): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'any':
      return plainValue();
    case 'string':
      return text();
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -200, max: 200 }));
    case 'number':
      return fc.oneof(fc.double(), fc.integer(), fc.constantFrom(-0, Number.NaN, 2 ** 53, -(2 ** 53 - 1)));
    case 'bigint':
      return fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), fc.bigInt({ min: -300n, max: 300n }));
    case 'date':
      return fc.date({ noInvalidDate: true });
    case 'bytes':
      return fc.uint8Array({ maxLength: 200 });
    case 'enum':
      return fc.constantFrom(...type.values);
    case 'record':
      return recordValue(layout.records[type.record] as RecordLayout, layout, fuel - 1);
    case 'array':
      if (fuel <= 0) return fc.constant([]);
      return fc.array(valuesOf(type.items, layout, fuel - 1), { maxLength: 4 });
    case 'map':
      if (fuel <= 0) return fc.constant({});
      return fc.dictionary(mapKey(), valuesOf(type.values, layout, fuel - 1), { maxKeys: 4, noNullPrototype: true });
    case 'union':
      return unionValue(type, layout, fuel);
  }
}

function recordValue({ fields }: RecordLayout, layout: Layout, fuel: number): fc.Arbitrary<object> {
  const lazily = fields.map(({ name, optional, nullable, type }) => {
    const value = valuesOf(type, layout, fuel);
    const nullish = nullable ? fc.option(value, { nil: null, freq: 4 }) : value;
    return fc.tuple(fc.constant(name), optional ? fc.option(nullish, { nil: undefined, freq: 3 }) : nullish);
  });
  return fc.tuple(fc.constantFrom(...makers), fc.tuple(...lazily)).map(([make, entries]) => {
    const record = make();
    for (const [name, value] of entries) {
      // What is undefined counts as absent, as a key too.
      if (value === undefined && name.length % 2 === 0) continue;
      Object.defineProperty(record, name, { value, enumerable: true, writable: true, configurable: true });
    }
    return record;
  });
}

class Instance {
  method(): number {
    return 1;
  }
}

const makers: readonly (() => object)[] = [() => ({}), () => new Instance(), () => Object.create(null)];

function unionValue(
  { property, choices }: Extract<TypeLayout, { kind: 'union' }>,
  layout: Layout,
  fuel: number,
): fc.Arbitrary<unknown> {
  return fc.constantFrom(...choices).chain(({ name, record }) => {
    const { fields } = layout.records[record] as RecordLayout;
    const rest = { fields: fields.filter((field) => field.name !== property) };
    return recordValue(rest, layout, fuel - 1).map((value) =>
      Object.defineProperty(value, property, { value: name, enumerable: true, writable: true, configurable: true }),
    );
  });
}

function mapKey(): fc.Arbitrary<string> {
  return fc.oneof(fc.string(), fc.constantFrom('constructor', 'toString', 'a')).filter((key) => key !== '__proto__');
}

/** What MessagePack brings back as it was. */
function plainValue(): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constantFrom(null, true, -0, Number.NaN),
    fc.double(),
    text(),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(fc.integer(), { maxLength: 5 }),
    fc.dictionary(mapKey(), fc.integer(), { maxKeys: 4, noNullPrototype: true }),
  );
}

/** Short and long, of one byte per character and of more. */
export function text(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.string({ unit: 'binary-ascii', minLength: 20, maxLength: 300 }),
    fc.string({ unit: 'grapheme', minLength: 30, maxLength: 60 }),
  );
}
