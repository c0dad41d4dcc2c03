import 'reflect-metadata';
import { Type } from 'class-transformer';
import * as cv from 'class-validator';
import { describe, expect, it } from 'vitest';
import type { DtoType } from './dto-schema.js';
import { schemaOf } from './schema-reader.js';

enum Color {
  red = 'red',
  blue = 'blue',
}
enum Level {
  low,
  high,
}

class Item {
  @cv.IsString() sku!: string;
}
class Undecorated {
  declare x: number;
}

/** The type of the one field of a class that is made of decorators alone: nothing is noted by a compiler. */
function typeOf(...decorators: readonly PropertyDecorator[]): DtoType | undefined {
  class Dto {}
  for (const decorate of decorators) decorate(Dto.prototype, 'field');
  return schemaOf(Dto).fields[0]?.type;
}

const field = (dto: new () => object, name: string) => schemaOf(dto).fields.find((one) => one.name === name);

describe('the type of a field', () => {
  it.each<[string, PropertyDecorator[], DtoType]>([
    ['a rule on texts', [cv.IsString()], { kind: 'string' }],
    ['a rule that only a text keeps', [cv.IsEmail()], { kind: 'string' }],
    ['a length', [cv.MaxLength(3)], { kind: 'string' }],
    ['IsInt', [cv.IsInt()], { kind: 'integer' }],
    ['IsNumber', [cv.IsNumber()], { kind: 'number' }],
    ['bounds', [cv.Min(1), cv.Max(5)], { kind: 'number' }],
    ['IsInt and bounds', [cv.Min(1), cv.IsInt()], { kind: 'integer' }],
    ['IsBoolean', [cv.IsBoolean()], { kind: 'boolean' }],
    ['IsDate', [cv.IsDate()], { kind: 'date' }],
    ['IsEnum of texts', [cv.IsEnum(Color)], { kind: 'enum', values: ['red', 'blue'] }],
    ['IsEnum of numbers', [cv.IsEnum(Level)], { kind: 'enum', values: [0, 1] }],
    ['IsIn', [cv.IsIn(['a', 1])], { kind: 'enum', values: ['a', 1] }],
    ['IsIn with null', [cv.IsIn(['a', null])], { kind: 'enum', values: ['a'] }],
    ['IsIn and IsString', [cv.IsIn(['a', 1]), cv.IsString()], { kind: 'enum', values: ['a'] }],
    ['IsIn of booleans', [cv.IsIn([true, false])], { kind: 'boolean' }],
    ['Equals', [cv.Equals('v1')], { kind: 'enum', values: ['v1'] }],
    ['IsIn with what cannot be found again', [cv.IsIn([Number.NaN, 1])], { kind: 'number' }],
    ['IsIn with half a surrogate pair', [cv.IsIn(['\ud800', 'a'])], { kind: 'string' }],
    ['IsIn with an object', [cv.IsIn([{}, 'a'])], { kind: 'any' }],
    ['IsArray', [cv.IsArray()], { kind: 'array', items: { kind: 'any' } }],
    ['each', [cv.IsString({ each: true })], { kind: 'array', items: { kind: 'string' } }],
    ['IsArray and each', [cv.ArrayMinSize(1), cv.IsInt({ each: true })], { kind: 'array', items: { kind: 'integer' } }],
    ['IsObject', [cv.IsObject()], { kind: 'any' }],
    ['IsObject and each', [cv.IsObject(), cv.IsString({ each: true })], { kind: 'any' }],
    ['IsInstance(Uint8Array)', [cv.IsInstance(Uint8Array)], { kind: 'bytes' }],
    ['Type(Date)', [Type(() => Date)], { kind: 'date' }],
    ['Type(Buffer)', [Type(() => Buffer)], { kind: 'bytes' }],
    ['Type(Number) and IsInt', [Type(() => Number), cv.IsInt()], { kind: 'integer' }],
    ['Type of a class', [Type(() => Item)], { kind: 'record', dto: Item }],
    ['Type of a class and IsObject', [Type(() => Item), cv.IsObject()], { kind: 'record', dto: Item }],
    [
      'Type of a class, nested each',
      [Type(() => Item), cv.ValidateNested({ each: true })],
      { kind: 'array', items: { kind: 'record', dto: Item } },
    ],
    ['Type that is chosen per value', [Type((options) => (options?.object ? Item : Date))], { kind: 'any' }],
    ['Type that an import cycle left undefined', [Type(() => undefined as never)], { kind: 'any' }],
    ['sources that disagree', [cv.IsString(), Type(() => Number)], { kind: 'any' }],
    ['rules that disagree', [cv.IsString(), cv.IsInt()], { kind: 'any' }],
    [
      'items that disagree',
      [cv.IsString({ each: true }), Type(() => Number)],
      { kind: 'array', items: { kind: 'any' } },
    ],
    ['a text that nests', [cv.IsString(), cv.IsArray()], { kind: 'any' }],
    ['nothing but presence', [cv.IsDefined()], { kind: 'any' }],
    ["a user's rule", [cv.ValidateBy({ name: 'isString', validator: { validate: () => true } })], { kind: 'any' }],
  ])('follows from %s', (_, decorators, type) => {
    expect(typeOf(...decorators)).toEqual(type);
  });

  it('follows from what the compiler noted', () => {
    class Noted {
      @cv.Allow() string!: string;
      @cv.Allow() optional?: number;
      @cv.Allow() boolean!: boolean;
      @cv.Allow() bigint!: bigint;
      @cv.Allow() date!: Date;
      @cv.Allow() bytes!: Uint8Array;
      @cv.Allow() buffer!: Buffer;
      @cv.Allow() list!: string[];
      @cv.Allow() object!: Record<string, string>;
      @cv.Allow() item!: Item;
      @cv.Allow() bare!: Undecorated;
      @cv.Allow() map!: Map<string, string>;
      @Type(() => Item) items!: Map<string, Item>;
      @Type(() => Item) set!: Set<Item>;
      @cv.IsInt() mistaken!: bigint;
      @cv.IsDateString() text!: Date;
    }
    expect(Object.fromEntries(schemaOf(Noted).fields.map(({ name, type }) => [name, type]))).toEqual({
      string: { kind: 'string' },
      optional: { kind: 'number' },
      boolean: { kind: 'boolean' },
      bigint: { kind: 'bigint' },
      date: { kind: 'date' },
      bytes: { kind: 'bytes' },
      buffer: { kind: 'bytes' },
      list: { kind: 'array', items: { kind: 'any' } },
      object: { kind: 'any' },
      item: { kind: 'record', dto: Item },
      bare: { kind: 'any' },
      map: { kind: 'any' },
      items: { kind: 'map', values: { kind: 'record', dto: Item } },
      set: { kind: 'array', items: { kind: 'record', dto: Item } },
      mistaken: { kind: 'any' },
      text: { kind: 'any' },
    });
  });

  it('is what a field without decorators starts with, as far as that tells', () => {
    class Bare {
      text = '';
      count = 0;
      list = [];
      bytes = new Uint8Array(2);
      at = new Date(0);
      unknown: unknown;
      grow = () => 1;
    }
    expect(schemaOf(Bare).fields.map(({ name, type }) => [name, type.kind])).toEqual([
      ['text', 'string'],
      ['count', 'number'],
      ['list', 'array'],
      ['bytes', 'bytes'],
      ['at', 'date'],
      ['unknown', 'any'],
    ]);
  });

  it('is a union where a property tells the class, and that property is never required of it', () => {
    abstract class Shape {
      @cv.IsString() kind!: string;
    }
    class Square extends Shape {
      @cv.IsInt() side!: number;
    }
    class Round extends Shape {
      @cv.IsInt() radius!: number;
    }
    const subTypes = [
      { name: 'square', value: Square },
      { name: 'round', value: Round },
    ];
    class Drawing {
      @Type(() => Object, { discriminator: { property: 'kind', subTypes } }) shape!: Shape;
    }
    const choices = [
      { name: 'square', dto: Square },
      { name: 'round', dto: Round },
    ];
    expect(field(Drawing, 'shape')?.type).toEqual({ kind: 'union', property: 'kind', choices });
    const string = { kind: 'string' };
    expect(schemaOf(Drawing).layout?.records.slice(1)).toEqual([
      {
        fields: [
          { name: 'kind', optional: true, nullable: false, type: string },
          { name: 'side', optional: false, nullable: false, type: { kind: 'integer' } },
        ],
      },
      {
        fields: [
          { name: 'kind', optional: true, nullable: false, type: string },
          { name: 'radius', optional: false, nullable: false, type: { kind: 'integer' } },
        ],
      },
    ]);
    expect(schemaOf(Square).layout?.records[0]?.fields[0]?.optional).toBe(false);
  });
});
