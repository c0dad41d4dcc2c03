import type { FieldLayout, Layout, TypeLayout } from '@tenon/schema';
import { expect, test } from 'vitest';
import { misfitOf } from './misfit.js';

const field = (name: string, type: TypeLayout, given: Partial<FieldLayout> = {}): FieldLayout => ({
  name,
  optional: false,
  nullable: false,
  type,
  ...given,
});
const layout: Layout = {
  records: [
    {
      fields: [
        field('at', { kind: 'date' }, { optional: true }),
        field('items', { kind: 'array', items: { kind: 'record', record: 1 } }),
        field('note', { kind: 'string' }, { optional: true, nullable: true }),
        field('status', { kind: 'enum', values: ['open', 'paid'] }),
        field('tags', { kind: 'map', values: { kind: 'integer' } }, { optional: true }),
      ],
    },
    { fields: [field('price', { kind: 'number' })] },
  ],
};
const fitting = { items: [{ price: 1 }], note: null, status: 'open', tags: { a: 1 } };

test.each([
  ['it is no object', 'order'],
  ['colour is not in the class', { ...fitting, colour: 'red' }],
  ['status is missing', { ...fitting, status: undefined }],
  ['status is null', { ...fitting, status: null }],
  ['status is none of the values that it may have', { ...fitting, status: 'lost' }],
  ['items is no list', { ...fitting, items: {} }],
  ['items[1].price is no number', { ...fitting, items: [{ price: 1 }, { price: '1' }] }],
  ['items[0].sale is not in the class', { ...fitting, items: [{ price: 1, sale: true }] }],
  ['tags.b is no integer', { ...fitting, tags: { a: 1, b: -0 } }],
  ['at is no date', { ...fitting, at: '2026-01-01' }],
])('%s', (where, value) => {
  expect(misfitOf(layout, value)).toBe(where);
});

test('nothing is said of a value that fits', () => {
  expect(misfitOf(layout, fitting)).toBeUndefined();
});

test('a value that contains itself ends all the same', () => {
  const tree: Layout = { records: [{ fields: [field('next', { kind: 'record', record: 0 }, { optional: true })] }] };
  const value: { next?: unknown } = {};
  value.next = value;
  expect(misfitOf(tree, value)).toMatch(/^(next\.)+next is nested too deep$/);
});
