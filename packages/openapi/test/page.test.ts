import { describe, expect, test } from 'vitest';
import { sampleOf, schemaText } from '../page/schema-text.js';
import { fieldsIn, readable, send } from '../page/sending.js';
import { RunningShop } from './running-shop.js';

const schemas = {
  Line: { title: 'Line', type: 'object', properties: { sku: { type: 'string', minLength: 1 } }, required: ['sku'] },
  Tree: { type: 'object', properties: { within: { type: 'array', items: { $ref: '#/components/schemas/Tree' } } } },
};
const line = { $ref: '#/components/schemas/Line' };

describe('a schema, as it is read', () => {
  test.each<readonly [object | boolean, string]>([
    [true, 'anything'],
    [false, 'nothing'],
    [{}, 'anything'],
    [{ type: 'string', format: 'email', minLength: 3 }, 'string (format email, minLength 3)'],
    [{ type: ['string', 'null'] }, 'string | null'],
    [{ enum: ['a', 1, null] }, '"a" | 1 | null'],
    [{ const: 'a' }, '"a"'],
    [{ anyOf: [line, { type: 'null' }] }, 'Line {\n  sku: string (minLength 1)\n} | null'],
    [{ type: 'array', items: { type: 'string' }, minItems: 1 }, 'string[] (minItems 1)'],
    [{ type: 'object', additionalProperties: { type: 'number' } }, '{ [key]: number }'],
    [{ $ref: '#/components/schemas/Tree' }, 'Tree {\n  within?: Tree[]\n}'],
    [{ $ref: '#/components/schemas/Gone' }, 'Gone'],
    [
      { properties: { a: { type: 'string', description: 'One\n line.' }, b: line }, required: ['b'] },
      '{\n  a?: string  // One line.\n  b: Line {\n    sku: string (minLength 1)\n  }\n}',
    ],
  ])('%j', (schema, text) => {
    expect(schemaText(schema, schemas)).toBe(text);
  });
});

describe('a first request', () => {
  test.each<readonly [object | boolean, unknown]>([
    [{ type: 'string' }, ''],
    [{ type: 'string', minLength: 1 }, 'text'],
    [{ type: 'string', format: 'date-time' }, '1970-01-01T00:00:00.000Z'],
    [{ type: 'string', examples: ['tea'], default: 'cup' }, 'tea'],
    [{ type: 'string', default: 'cup' }, 'cup'],
    [{ enum: ['a', 'b'] }, 'a'],
    [{ type: 'integer', minimum: 1 }, 1],
    [{ type: ['boolean', 'null'] }, false],
    [{ type: 'null' }, null],
    [{ anyOf: [line, { type: 'null' }] }, { sku: 'text' }],
    [{ type: 'array', items: line }, [{ sku: 'text' }]],
    [{ $ref: '#/components/schemas/Tree' }, { within: [] }],
    [true, {}],
    [{}, {}],
  ])('%j', (schema, sample) => {
    expect(sampleOf(schema, schemas)).toEqual(sample);
  });
});

test('header fields stand one on a line, and what is none is told', () => {
  const fields = fieldsIn('authorization: Bearer a:b\n\n  x-a:1 \nx-a: 2');
  expect(Object.fromEntries(fields)).toEqual({ authorization: 'Bearer a:b', 'x-a': '1, 2' });
  expect(() => fieldsIn('authorization')).toThrow('"authorization" is no header field: write name: value');
  expect(() => fieldsIn('a b: c')).toThrow(TypeError);
});

test('a reply in JSON is indented, any other stays', () => {
  expect(readable('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(readable('{"a":1}\n{"a":2}\n')).toBe('{"a":1}\n{"a":2}\n');
});

test('what comes is told as it comes', async () => {
  await using shop = await RunningShop.started();
  const told: string[] = [];
  const request = { fields: new Headers({ 'content-type': 'application/json' }), signal: new AbortController().signal };
  const url = new URL('/orders/Orders.Count', shop.url);
  const listener = { head: (status: string) => void told.push(status), piece: (text: string) => void told.push(text) };
  await send({ ...request, url, body: '{"to":2}' }, listener);
  expect([told[0], told.slice(1).join('')]).toEqual(['200 OK', '{"number":1}\n{"number":2}\n']);
  const ended = new AbortController();
  const sent = send({ ...request, url, body: '{"to":0}', signal: ended.signal }, listener);
  ended.abort();
  await expect(sent).rejects.toThrow(/abort/i);
});
