import type { FieldLayout, Layout, TypeLayout } from '@tenon/schema';

/**
 * Where a value does not fit a layout, for people: `items[3].price is missing`. Undefined where nothing is found, as of values
 * that fit but for how deep they are.
 */
export function misfitOf(layout: Layout, value: unknown): string | undefined {
  return inRecord(layout, 0, value, '', 0);
}

function inRecord(layout: Layout, record: number, value: unknown, path: string, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null) return `${path === '' ? 'it' : path} is no object`;
  const fields = layout.records[record]?.fields ?? [];
  const unknown = Object.keys(value).find((key) => fields.every(({ name }) => name !== key));
  if (unknown !== undefined) return `${step(path, unknown)} is not in the class`;
  for (const field of fields) {
    const found = inField(layout, field, (value as Record<string, unknown>)[field.name], step(path, field.name), depth);
    if (found !== undefined) return found;
  }
  return undefined;
}

function inField(
  layout: Layout,
  { optional, nullable, type }: FieldLayout,
  value: unknown,
  path: string,
  depth: number,
): string | undefined {
  if (value === undefined) return optional ? undefined : `${path} is missing`;
  if (value === null && type.kind !== 'any') return nullable ? undefined : `${path} is null`;
  return inType(layout, type, value, path, depth);
}

function inType(layout: Layout, type: TypeLayout, value: unknown, path: string, depth: number): string | undefined {
  if (depth > maxDepth) return `${path} is nested too deep`;
  switch (type.kind) {
    case 'record':
      return inRecord(layout, type.record, value, path, depth + 1);
    case 'array': {
      if (!Array.isArray(value)) return `${path} is no list`;
      return firstOf(value, (item, index) => inType(layout, type.items, item, `${path}[${index}]`, depth + 1));
    }
    case 'map': {
      if (typeof value !== 'object' || value === null) return `${path} is no object`;
      return firstOf(Object.entries(value), ([key, one]) =>
        inType(layout, type.values, one, step(path, key), depth + 1),
      );
    }
    case 'enum':
      return type.values.some((one) => one === value) ? undefined : `${path} is none of the values that it may have`;
    case 'union':
    case 'any':
      return undefined;
    default:
      return isOfKind[type.kind](value) ? undefined : `${path} is no ${type.kind}`;
  }
}

function firstOf<T>(items: readonly T[], find: (item: T, index: number) => string | undefined): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

function step(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

const isOfKind = Object.freeze({
  string: (value: unknown) => typeof value === 'string',
  boolean: (value: unknown) => typeof value === 'boolean',
  integer: (value: unknown) => Number.isSafeInteger(value) && !Object.is(value, -0),
  number: (value: unknown) => typeof value === 'number',
  bigint: (value: unknown) => typeof value === 'bigint' || Number.isSafeInteger(value),
  date: (value: unknown) => value instanceof Date && !Number.isNaN(value.getTime()),
  bytes: (value: unknown) => value instanceof Uint8Array,
});

const maxDepth = 64;
