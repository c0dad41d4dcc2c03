import 'reflect-metadata';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import * as cv from 'class-validator';
import { describe, expect, it } from 'vitest';
import { schemaOf } from './schema-reader.js';

class Item {
  @cv.IsString() sku!: string;
}

describe('whether a field may be left out or null', () => {
  const both = (...decorators: readonly PropertyDecorator[]) => {
    class Dto {}
    for (const decorate of decorators) decorate(Dto.prototype, 'field');
    const { optional, nullable } = schemaOf(Dto).fields[0] ?? {};
    return { optional, nullable };
  };

  it.each<[string, PropertyDecorator[], boolean, boolean]>([
    ['a rule that refuses both', [cv.IsString()], false, false],
    ['IsDefined', [cv.IsDefined()], false, false],
    ['IsOptional', [cv.IsOptional(), cv.IsString()], true, true],
    ['ValidateIf', [cv.ValidateIf(() => true), cv.IsString()], true, true],
    ['a rule with a condition of its own', [cv.IsString({ validateIf: () => false })], true, true],
    ['Allow', [cv.Allow()], true, true],
    ['Type alone', [Type(() => Date)], true, true],
    ['nesting', [cv.ValidateNested(), Type(() => Item)], true, false],
    ['IsIn with null', [cv.IsIn([null, 1])], false, true],
    [
      "a user's rule, which cannot be asked",
      [cv.ValidateBy({ name: 'x', validator: { validate: () => false } })],
      true,
      true,
    ],
  ])('follows from %s', (_, decorators, optional, nullable) => {
    expect(both(...decorators)).toEqual({ optional, nullable });
  });

  it('is yes where the class has a default, which stands in the schema if it is plain and stable', () => {
    let last = 0;
    class Page {
      @cv.IsInt() limit = 20;
      @cv.IsInt() number = ++last;
      @cv.IsString() after: string | null = null;
      @cv.IsArray() list = [];
      @cv.IsInt() needed!: number;
    }
    expect(schemaOf(Page).fields.map((one) => [one.name, one.optional, one.nullable, one.default])).toEqual([
      ['limit', true, false, 20],
      ['number', true, false, undefined],
      ['after', true, true, null],
      ['list', true, false, undefined],
      ['needed', false, false, undefined],
    ]);
  });
});

describe('what a caller may send', () => {
  it('is anything for a field with @Transform, and stands under the name of @Expose', () => {
    class Lead {
      @Expose({ name: 'first_name' }) @cv.IsString() firstName!: string;
      @Expose({ name: 'shown', toPlainOnly: true }) @cv.IsString() hidden!: string;
      @Transform(({ value }) => Number(value)) @cv.IsInt() age!: number;
      @Transform(({ value }) => value, { toPlainOnly: true }) @cv.IsInt() size!: number;
      @Exclude() secret = 'mine';
    }
    expect(schemaOf(Lead).fields.map(({ name, type, optional }) => [name, type.kind, optional])).toEqual([
      ['first_name', 'string', false],
      ['hidden', 'string', false],
      ['age', 'any', true],
      ['size', 'integer', false],
      ['secret', 'string', true],
    ]);
  });

  it('is anything under a name that two fields share', () => {
    class Shared {
      @Expose({ name: 'b' }) @cv.IsString() a!: string;
      @cv.IsInt() b!: number;
      @cv.IsInt() c!: number;
    }
    expect(schemaOf(Shared).fields.map(({ name, type, optional }) => [name, type.kind, optional])).toEqual([
      ['b', 'any', true],
      ['c', 'integer', false],
    ]);
  });

  it('is not what the class answers itself: methods and getters', () => {
    class Circle {
      @cv.IsInt() radius!: number;
      @cv.IsInt() get area(): number {
        return this.radius ** 2;
      }
      @cv.IsDefined() grow(): void {}
    }
    expect(schemaOf(Circle).fields.map(({ name }) => name)).toEqual(['radius']);
  });

  it('is inherited', () => {
    class Child extends Item {
      @cv.IsInt() count!: number;
    }
    expect(schemaOf(Child).layout?.records[0]?.fields.map(({ name }) => name)).toEqual(['count', 'sku']);
  });

  it('has its rules, with what was given to them', () => {
    class Ruled {
      @cv.IsString({ each: true }) @cv.ArrayMaxSize(3) list!: string[];
      @cv.ValidateBy({ name: 'isString', validator: { validate: () => true } }) own!: string;
    }
    expect(schemaOf(Ruled).fields.map(({ rules }) => rules)).toEqual([
      [
        { name: 'arrayMaxSize', constraints: [3], each: false, known: true },
        { name: 'isString', constraints: [], each: true, known: true },
      ],
      [{ name: 'isString', constraints: [], each: false, known: false }],
    ]);
  });
});
