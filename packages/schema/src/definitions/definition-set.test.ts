import { expect, test } from 'vitest';
import { DefinitionSet } from './definition-set.js';

const gathered = (taken: readonly string[] = []): DefinitionSet =>
  new DefinitionSet({
    nameOf: (name) => name.replaceAll(/[^A-Za-z0-9]/g, '_'),
    referTo: (name) => `#/all/${name}`,
    taken,
  });

const item = { title: 'Item', type: 'object', properties: { sku: { type: 'string' } } };
const otherItem = { title: 'Item', type: 'object', properties: { weight: { type: 'number' } } };
const orderOf = (inner: object): object => ({
  title: 'Order',
  type: 'object',
  properties: { items: { type: 'array', items: { $ref: '#/$defs/Item' } } },
  $defs: { Item: inner },
});

test('a class and those that it nests stand by name, each once, whoever refers to it', () => {
  const set = gathered();
  expect(set.add(orderOf(item), 'a')).toEqual({ $ref: '#/all/Order' });
  expect(set.add(structuredClone(item), 'b')).toEqual({ $ref: '#/all/Item' });
  expect(Object.fromEntries(set.definitions)).toEqual({
    Order: {
      title: 'Order',
      type: 'object',
      properties: { items: { type: 'array', items: { $ref: '#/all/Item' } } },
    },
    Item: item,
  });
  expect(set.gaps).toEqual([]);
});

test('two classes of one name with different fields are two, and so is what nests them', () => {
  const set = gathered();
  expect(set.add(orderOf(item), 'a')).toEqual({ $ref: '#/all/Order' });
  expect(set.add(orderOf(otherItem), 'b')).toEqual({ $ref: '#/all/Order2' });
  expect(set.add(orderOf(item), 'c')).toEqual({ $ref: '#/all/Order' });
  expect([...set.definitions.keys()]).toEqual(['Order', 'Item', 'Order2', 'Item2']);
  expect(set.definitions.get('Order2')).toMatchObject({ properties: { items: { items: { $ref: '#/all/Item2' } } } });
  expect(set.definitions.get('Item2')).toEqual(otherItem);
});

test('a class that nests itself, or another that nests it, refers to what is there', () => {
  const tree = (leaf: string): object => ({
    title: 'Tree',
    type: 'object',
    properties: { left: { $ref: '#' }, twig: { $ref: '#/$defs/Twig' } },
    $defs: { Twig: { title: 'Twig', type: 'object', properties: { of: { $ref: '#' }, leaf: { type: leaf } } } },
  });
  const set = gathered();
  set.add(tree('string'), 'a');
  expect(set.add(tree('string'), 'b')).toEqual({ $ref: '#/all/Tree' });
  expect(set.add(tree('number'), 'c')).toEqual({ $ref: '#/all/Tree2' });
  expect(set.definitions.get('Tree')).toEqual({
    title: 'Tree',
    type: 'object',
    properties: { left: { $ref: '#/all/Tree' }, twig: { $ref: '#/all/Twig' } },
  });
  expect(set.definitions.get('Twig2')).toMatchObject({ properties: { of: { $ref: '#/all/Tree2' } } });
});

test('a class that stands twice in one schema is not one that stands once beside another', () => {
  const pair = (second: string): object => ({
    title: 'Pair',
    type: 'object',
    properties: { first: { $ref: '#/$defs/One' }, second: { $ref: `#/$defs/${second}` } },
    $defs: { One: { type: 'string' }, Other: { type: 'number' } },
  });
  for (const order of [['One', 'Other'] as const, ['Other', 'One'] as const]) {
    const set = gathered();
    const added = order.map((second) => set.add(pair(second), 'a'));
    expect(added).toEqual([{ $ref: '#/all/Pair' }, { $ref: '#/all/Pair2' }]);
  }
});

test('names that a pointer has to escape are found, and two that become one by their spelling stay two', () => {
  const named = (title: string, type: string): object => ({ title, type: 'object', properties: { a: { type } } });
  const set = gathered();
  const refer = (reference: string): object => ({ $ref: reference });
  const root = {
    title: 'Root',
    type: 'object',
    properties: {
      slash: refer('#/$defs/a~1b'),
      tilde: refer('#/$defs/a~0b'),
      space: refer('#/$defs/%C3%BC%20b'),
      both: refer('#/$defs/~01'),
    },
    $defs: {
      'a/b': named('a/b', 'string'),
      'a~b': named('a~b', 'number'),
      'ü b': named('ü b', 'boolean'),
      '~1': { type: 'null' },
    },
  };
  set.add(root, 'a');
  expect(set.gaps).toEqual([]);
  expect(set.definitions.get('Root')).toMatchObject({
    properties: {
      slash: { $ref: '#/all/a_b' },
      tilde: { $ref: '#/all/a_b2' },
      space: { $ref: '#/all/__b' },
      both: { $ref: '#/all/_1' },
    },
  });
});

test('what is no class stands where it is asked for; what has no title is called as it is said', () => {
  const set = gathered();
  expect(set.add({ type: 'array', items: { type: 'string' } }, 'a')).toEqual({
    type: 'array',
    items: { type: 'string' },
  });
  expect([set.add({}, 'a'), set.add(true, 'a'), set.add(false, 'a')]).toEqual([{}, {}, { not: {} }]);
  const untitled = { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object', properties: { a: {} } };
  expect(set.add(untitled, 'HelloRequest')).toEqual({ $ref: '#/all/HelloRequest' });
  expect(set.definitions.get('HelloRequest')).toEqual({ type: 'object', properties: { a: {} } });
});

test('names that are taken are not given', () => {
  const set = gathered(['Item']);
  expect(set.add(item, 'a')).toEqual({ $ref: '#/all/Item2' });
});

test('what cannot be expressed counts as anything, and is told', () => {
  const set = gathered();
  const root = {
    title: 'Root',
    type: 'object',
    properties: {
      gone: { $ref: '#/$defs/Gone' },
      elsewhere: { $ref: 'https://example.com/schema' },
      dynamic: { $dynamicRef: '#node' },
      inherited: { $ref: '#/constructor' },
    },
  };
  set.add(root, 'Hello');
  expect(set.definitions.get('Root')).toEqual({
    title: 'Root',
    type: 'object',
    properties: Object.fromEntries(
      ['gone', 'elsewhere', 'dynamic', 'inherited'].map((name) => [
        name,
        { description: expect.stringMatching(/^Anything: the reference .* leads nowhere that can be followed\.$/) },
      ]),
    ),
  });
  expect(set.gaps).toHaveLength(4);
  let deep: object = {};
  for (let level = 0; level < 10_000; level += 1) deep = { items: deep };
  for (const none of ['text', null, 1, [item], deep, { enum: Array.from({ length: 30_000 }, () => []) }]) {
    expect(set.add(none, 'x')).toEqual({ description: 'Anything: the schema of x is none that could be read.' });
  }
});

test('values that look like schemas are left as they are', () => {
  const set = gathered();
  const data = {
    title: 'Root',
    type: 'object',
    properties: { a: { enum: [{ $ref: '#/no' }], default: { $ref: '#' } } },
  };
  set.add(data, 'a');
  expect(set.definitions.get('Root')).toEqual(data);
});
