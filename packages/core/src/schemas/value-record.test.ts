import type { JsonSchema } from '@tenon/contract';
import { expect, test } from 'vitest';
import { valueRecord } from './value-record.js';

test('the record of a schema has names and types of its fields', () => {
  const schema: JsonSchema = {
    title: 'HelloRequest',
    type: 'object',
    properties: { name: { type: 'string' }, age: { type: ['integer', 'null'] }, extra: {} },
  };
  expect(valueRecord(schema)).toEqual({
    name: 'HelloRequest',
    type: 'HelloRequest',
    values: [
      { name: 'name', type: 'string', values: null },
      { name: 'age', type: 'integer|null', values: null },
      { name: 'extra', type: 'any', values: null },
    ],
  });
});

test('a schema without a title or fields is an object of which no more is known', () => {
  expect(valueRecord({})).toEqual({ name: 'object', type: 'object', values: null });
});

test('it ends three levels down', () => {
  const leaf = { type: 'object', title: 'D', properties: { e: { type: 'string' } } };
  const nested = { type: 'object', title: 'C', properties: { d: leaf } };
  const schema = { title: 'A', properties: { b: { type: 'object', title: 'B', properties: { c: nested } } } };
  expect(valueRecord(schema)).toEqual({
    name: 'A',
    type: 'A',
    values: [{ name: 'b', type: 'B', values: [{ name: 'c', type: 'C', values: null }] }],
  });
});

test('a list is told by its elements, whose fields are listed', () => {
  const item = { title: 'Item', type: 'object', properties: { sku: { type: 'string' } } };
  const schema: JsonSchema = {
    title: 'Order',
    properties: { tags: { type: 'array', items: { type: 'string' } }, items: { type: 'array', items: item } },
  };
  expect(valueRecord(schema).values).toEqual([
    { name: 'tags', type: '[]string', values: null },
    { name: 'items', type: '[]Item', values: [{ name: 'sku', type: 'string', values: null }] },
  ]);
});

test('references are followed, in lists too', () => {
  const schema: JsonSchema = {
    title: 'Order',
    properties: { buyer: { $ref: '#/$defs/Person' }, others: { type: 'array', items: { $ref: '#/$defs/Person' } } },
    $defs: { Person: { title: 'Person', type: 'object', properties: { name: { type: 'string' } } } },
  };
  const fields = [{ name: 'name', type: 'string', values: null }];
  expect(valueRecord(schema).values).toEqual([
    { name: 'buyer', type: 'Person', values: fields },
    { name: 'others', type: '[]Person', values: fields },
  ]);
});

test('a schema that contains itself ends all the same', () => {
  const tree: JsonSchema = { title: 'Tree', properties: { left: { $ref: '#' }, right: { $ref: '#/$defs/Twig' } } };
  const twig = { title: 'Twig', properties: { next: { $ref: '#/$defs/Twig' } } };
  expect(valueRecord({ ...tree, $defs: { Twig: twig } }).values).toEqual([
    {
      name: 'left',
      type: 'Tree',
      values: [
        { name: 'left', type: 'Tree', values: null },
        { name: 'right', type: 'Twig', values: null },
      ],
    },
    { name: 'right', type: 'Twig', values: [{ name: 'next', type: 'Twig', values: null }] },
  ]);
});

test('references are followed to names that a pointer escapes, and to nothing that is no class', () => {
  const named = (title: string): JsonSchema => ({ title, type: 'object' });
  const schema: JsonSchema = {
    title: 'A',
    properties: {
      slash: { $ref: '#/$defs/a~1b' },
      other: { $ref: '#/$defs/%C3%BC%20~0' },
      deep: { $ref: '#/$defs/a~1b/title' },
      elsewhere: { $ref: 'https://example.com/a' },
    },
    $defs: { 'a/b': named('Slash'), 'ü ~': named('Other') },
  };
  expect(valueRecord(schema).values?.map(({ type }) => type)).toEqual(['Slash', 'Other', 'any', 'any']);
});

test('a reference to nothing is a field of unknown type', () => {
  expect(valueRecord({ title: 'A', properties: { b: { $ref: '#/$defs/Gone' } } }).values).toEqual([
    { name: 'b', type: 'any', values: null },
  ]);
});
