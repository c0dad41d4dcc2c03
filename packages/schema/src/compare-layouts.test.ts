import { describe, expect, it } from 'vitest';
import { compareLayouts, maxDifferences } from './compare-layouts.js';
import type { FieldLayout, Layout, TypeLayout } from './layout.js';

const field = (name: string, type: TypeLayout, more: Partial<FieldLayout> = {}): FieldLayout => ({
  name,
  optional: false,
  nullable: false,
  type,
  ...more,
});
const layout = (...records: readonly (readonly FieldLayout[])[]): Layout => ({
  records: records.map((fields) => ({ fields })),
});
const string: TypeLayout = { kind: 'string' };
const integer: TypeLayout = { kind: 'integer' };
const number: TypeLayout = { kind: 'number' };
const any: TypeLayout = { kind: 'any' };
const enumOf = (...values: readonly (string | number)[]): TypeLayout => ({ kind: 'enum', values });
const arrayOf = (items: TypeLayout): TypeLayout => ({ kind: 'array', items });
const mapOf = (values: TypeLayout): TypeLayout => ({ kind: 'map', values });
const record = (number: number): TypeLayout => ({ kind: 'record', record: number });
const union = (property: string, ...names: readonly string[]): TypeLayout => ({
  kind: 'union',
  property,
  choices: names.map((name, index) => ({ name, record: index + 1 })),
});

const differ = (written: Layout, read: Layout) =>
  compareLayouts(written, read).map(({ path, what, readable }) => `${readable ? 'reads' : 'fails'} ${path}: ${what}`);

describe('two layouts that are the same', () => {
  it('do not differ, in whatever order their fields and records stand', () => {
    const one = layout([field('a', string), field('b', record(1)), field('c', record(2))], [], [field('x', string)]);
    const other = layout([field('c', record(1)), field('b', record(2)), field('a', string)], [field('x', string)], []);
    expect(differ(one, other)).toEqual([]);
    expect(differ(other, one)).toEqual([]);
  });
});

describe('a difference of fields', () => {
  it.each<[string, FieldLayout[], FieldLayout[], string[]]>([
    ['a new optional one is read', [], [field('a', string, { optional: true })], ['reads a: only the reader has it']],
    [
      'a new one that must be there is not',
      [],
      [field('a', string)],
      ['fails a: only the reader has it, and must get it'],
    ],
    ['one that is gone is passed over', [field('a', string)], [], ['reads a: only the writer has it']],
    [
      'one that has become required is for the validator to judge',
      [field('a', string, { optional: true })],
      [field('a', string)],
      ['reads a: the writer may leave it out'],
    ],
    [
      'one that need not be there any more is read',
      [field('a', string)],
      [field('a', string, { optional: true })],
      ['reads a: the reader does not need it'],
    ],
    [
      'null is for the validator to judge',
      [field('a', string, { nullable: true })],
      [field('a', string)],
      ['reads a: the writer may send null'],
    ],
    [
      'null is taken that never comes',
      [field('a', string)],
      [field('a', string, { nullable: true })],
      ['reads a: the reader also takes null'],
    ],
  ])('%s', (_, written, read, expected) => {
    expect(differ(layout(written), layout(read))).toEqual(expected);
  });
});

describe('a difference of types', () => {
  it.each<[TypeLayout, TypeLayout, string[]]>([
    [integer, number, ['reads a: integer is written, number is read']],
    [number, integer, ['fails a: number is written, integer is read']],
    [string, any, ['reads a: string is written, any is read']],
    [any, string, ['fails a: any is written, string is read']],
    [string, { kind: 'bytes' }, ['fails a: string is written, bytes is read']],
    [integer, { kind: 'bigint' }, ['fails a: integer is written, bigint is read']],
    [enumOf('a', 'b'), enumOf('b', 'a'), []],
    [
      enumOf('a', 'b'),
      enumOf('b', 1),
      ['reads a: only the writer has the value "a"', 'reads a: only the reader has the value 1'],
    ],
    [enumOf('a'), string, ['reads a: enum is written, string is read']],
    [enumOf('a', 1), string, ['fails a: enum is written, string is read']],
    [enumOf(1, 2.5), number, ['reads a: enum is written, number is read']],
    [enumOf(1, 2.5), integer, ['fails a: enum is written, integer is read']],
    [string, enumOf('a'), ['fails a: string is written, enum is read']],
    [arrayOf(integer), arrayOf(number), ['reads a[]: integer is written, number is read']],
    [arrayOf(string), string, ['fails a: array is written, string is read']],
    [mapOf(arrayOf(string)), mapOf(arrayOf(integer)), ['fails a{}[]: string is written, integer is read']],
    [record(1), record(1), ['fails a.x: string is written, integer is read']],
    [arrayOf(record(1)), arrayOf(record(1)), ['fails a[].x: string is written, integer is read']],
    [record(1), mapOf(string), ['fails a: record is written, map is read']],
    [record(1), union('k', 'one'), ['fails a: record is written, union is read']],
    [union('k', 'one'), union('k', 'one'), ['fails a(one).x: string is written, integer is read']],
    [
      union('k', 'one', 'two'),
      union('k', 'one'),
      ['fails a: only the writer has the choice "two"', 'fails a(one).x: string is written, integer is read'],
    ],
    [
      union('k', 'two'),
      union('k', 'two', 'one'),
      ['reads a: only the reader has the choice "one"', 'fails a(two).x: string is written, integer is read'],
    ],
    [union('k', 'one'), union('kind', 'one'), ['fails a: it is told by k when written, by kind when read']],
  ])('%j, read as %j', (written, read, expected) => {
    const one = layout([field('a', written)], [field('x', string)], []);
    const other = layout([field('a', read)], [field('x', integer)], []);
    expect(differ(one, other)).toEqual(expected);
  });
});

it('long values are shortened', () => {
  const [one] = compareLayouts(layout([field('a', enumOf('x'.repeat(500)))]), layout([field('a', enumOf('y'))]));
  expect(one?.what).toHaveLength('only the writer has the value '.length + 80);
});

describe('classes that nest themselves', () => {
  it('are compared once', () => {
    const tree = (type: TypeLayout) => layout([field('children', arrayOf(record(0))), field('value', type)]);
    expect(differ(tree(integer), tree(number))).toEqual(['reads value: integer is written, number is read']);
  });

  it('are compared in every pair that values lead to, at a depth that no stack would bear', () => {
    // Circles of 255 and 256 classes meet in each of 65,280 pairs, one behind the other.
    const circle = (length: number, type: TypeLayout) =>
      layout(
        ...Array.from({ length }, (_, index) => [
          field('next', record((index + 1) % length)),
          ...(index === length - 1 ? [field('value', type, { optional: true })] : []),
        ]),
      );
    const differences = compareLayouts(circle(255, string), circle(256, integer));
    expect(differences).toHaveLength(maxDifferences);
    expect(Math.max(...differences.map(({ path }) => path.length))).toBeLessThan(1_010);
    expect(differences.at(-1)).toEqual({
      path: '',
      what: `there are more differences than ${maxDifferences}`,
      readable: false,
    });
  });
});
