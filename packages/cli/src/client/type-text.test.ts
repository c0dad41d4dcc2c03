import type { JsonSchema } from '@tenon/contract';
import { expect, test } from 'vitest';
import { declarationText, typeText } from './type-text.js';

test.each<readonly [JsonSchema, string]>([
  [{}, 'unknown'],
  [{ not: {} }, 'never'],
  [{ type: 'string', minLength: 3, format: 'email' }, 'string'],
  [{ type: 'integer' }, 'number'],
  [{ type: ['string', 'null'] }, 'string | null'],
  [{ type: 'string', format: 'date-time' }, 'string'],
  [{ type: 'string', format: 'date-time', 'x-tenon-type': 'date' }, 'Date'],
  [{ type: ['string', 'null'], 'x-tenon-type': 'date' }, 'Date | null'],
  [{ 'x-tenon-type': 'bigint' }, 'bigint'],
  [{ 'x-tenon-type': 'bytes' }, 'Uint8Array'],
  [{ 'x-tenon-type': 'toString' }, 'unknown'],
  [{ type: 'mystery' }, 'unknown'],
  [{ enum: ['a', "it's", 1, null, true] }, String.raw`'a' | 'it\'s' | 1 | null | true`],
  [{ enum: ['a', { b: 1 }] }, 'unknown'],
  [{ const: 'x' }, "'x'"],
  [{ type: 'array', items: { type: 'string' } }, 'string[]'],
  [{ type: 'array' }, 'unknown[]'],
  [{ type: 'array', items: { enum: ['a', 'b'] } }, "('a' | 'b')[]"],
  [{ type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }], items: false as never }, '[string, number]'],
  [{ type: 'array', prefixItems: [{ type: 'string' }] }, '[string, ...unknown[]]'],
  [{ type: 'object' }, '{ [key: string]: unknown }'],
  [{ type: 'object', additionalProperties: false }, 'Record<string, never>'],
  [{ type: 'object', additionalProperties: { $ref: 'Item' } }, '{ [key: string]: Item }'],
  [{ $ref: 'Item' }, 'Item'],
  [{ anyOf: [{ $ref: 'Item' }, { type: 'null' }] }, 'Item | null'],
  [{ oneOf: [{ type: 'string' }, {}] }, 'unknown'],
  [{ allOf: [{ $ref: 'A' }, { $ref: 'B' }] }, 'A & B'],
  [{ $ref: 'A', type: 'object', additionalProperties: { type: 'string' } }, 'A & { [key: string]: string }'],
  [{ anyOf: [{ allOf: [{ $ref: 'A' }, { $ref: 'B' }] }, { type: 'null' }] }, '(A & B) | null'],
  [{ type: 'string', pattern: '^a', allOf: [{ pattern: 'b$' }] }, 'string'],
  [{ if: {}, patternProperties: { a: {} } }, 'unknown'],
])('%j is %s', (schema, type) => {
  expect(typeText(schema, '')).toBe(type);
});

const none = (): undefined => undefined;

test('a class is an interface, its fields with what is said of them, and no name or text leaves its place', () => {
  const schema = {
    type: 'object',
    title: 'Order',
    description: 'An order. */ evil(); /*',
    properties: {
      id: { type: 'string', description: 'Its number.' },
      'due date': { type: 'string', deprecated: true },
      nested: { type: 'object', properties: { a: { type: 'array', items: { $ref: 'Item' } } }, required: ['a'] },
    },
    required: ['id', 'nested'],
  };
  expect(declarationText('Order', schema, none)).toBe(
    [
      '/** An order. *\\/ evil(); /* */',
      'export interface Order {',
      '  /** Its number. */',
      '  id: string;',
      '  /** @deprecated */',
      "  'due date'?: string;",
      '  nested: {',
      '    a: Item[];',
      '  };',
      '}',
    ].join('\n'),
  );
});

test('what is no object with fields is an alias', () => {
  expect(declarationText('Color', { enum: ['red'] }, none)).toBe("export type Color = 'red';");
  expect(declarationText('Any', {}, none)).toBe('export type Any = unknown;');
});

test('an alias that leads to itself without anything between is anything: TypeScript refuses it', () => {
  const schemas = new Map<string, JsonSchema>([
    ['Self', { $ref: 'Self' }],
    ['A', { anyOf: [{ $ref: 'B' }, { type: 'null' }] }],
    ['B', { allOf: [{ $ref: 'A' }] }],
    ['List', { type: 'array', items: { $ref: 'List' } }],
  ]);
  const text = (name: string): string => declarationText(name, schemas.get(name) ?? {}, (one) => schemas.get(one));
  expect(text('Self')).toBe('export type Self = unknown;');
  expect([text('A'), text('B')]).toEqual(['export type A = unknown;', 'export type B = unknown;']);
  expect(text('List')).toBe('export type List = List[];');
});
