import 'reflect-metadata';
import { Type } from 'class-transformer';
import * as cv from 'class-validator';
import { describe, expect, it } from 'vitest';
import { schemaOf } from './schema-reader.js';

class Item {
  @cv.IsString() sku!: string;
}
class Undecorated {
  declare x: number;
}

describe('a layout', () => {
  it('says nothing of the order in which a class declares its fields', () => {
    class One {
      @cv.IsString() a!: string;
      @cv.ValidateNested() @Type(() => Item) b!: Item;
      @cv.ValidateNested() @Type(() => One) c!: One;
    }
    class Other {
      @cv.ValidateNested() @Type(() => Other) c!: Other;
      @cv.ValidateNested() @Type(() => Item) b!: Item;
      @cv.IsString() a!: string;
    }
    expect(schemaOf(One).layout).toEqual(schemaOf(Other).layout);
  });

  it('has each class once, one that nests itself too', () => {
    class Node {
      @cv.ValidateNested() @Type(() => Node) left?: Node;
      @cv.ValidateNested({ each: true }) @Type(() => Node) others?: Node[];
    }
    const record = { kind: 'record', record: 0 };
    expect(schemaOf(Node).layout).toEqual({
      records: [
        {
          fields: [
            { name: 'left', optional: true, nullable: false, type: record },
            { name: 'others', optional: true, nullable: false, type: { kind: 'array', items: record } },
          ],
        },
      ],
    });
  });

  it('carries a class of which nothing is known, or that cannot be read, as anything', () => {
    class Wanting {
      @cv.IsString() name: string;
      constructor(source: { name: string }) {
        this.name = source.name;
      }
    }
    class Holder {
      @Type(() => Undecorated) bare!: unknown;
      @Type(() => Wanting as never) wanting!: unknown;
    }
    expect(schemaOf(Holder).layout?.records).toHaveLength(1);
    expect(schemaOf(Holder).layout?.records[0]?.fields.map(({ type }) => type.kind)).toEqual(['any', 'any']);
    expect(schemaOf(Wanting as never)).toMatchObject({
      layout: undefined,
      obstacles: [expect.stringContaining('Wanting cannot be made by "new Wanting()"')],
    });
  });

  const wide = (name: string, count: number, decorate: PropertyDecorator, prefix = 'f') => {
    const Dto = { [name]: class {} }[name] as new () => object;
    for (let index = 0; index < count; index += 1) decorate(Dto.prototype, `${prefix}${index}`);
    return Dto;
  };

  it.each<[string, () => new () => object, string]>([
    ['no field', () => Undecorated, 'Undecorated has no field that is known'],
    ['too many fields', () => wide('Wide', 257, cv.IsString()), 'Wide has 257 fields, more than 256'],
    ['too long a name', () => wide('Long', 1, cv.IsString(), 'ä'.repeat(128)), 'Long.äää'],
    ['a name that is no UTF-8', () => wide('Odd', 1, cv.IsString(), '\ud800'), 'Odd.'],
    [
      'too long a description',
      () => wide('Wordy', 4, cv.IsIn(Array.from({ length: 4_000 }, (_, index) => `value ${index}`))),
      'Wordy with all that it nests takes',
    ],
    [
      'too many classes',
      () => {
        const nesting = (next: new () => object, number: number) =>
          wide(
            `Class${number}`,
            1,
            Type(() => next),
          );
        return Array.from({ length: 256 }, (_, number) => number).reduce(nesting, wide('Last', 1, cv.IsString()));
      },
      'one class more than the 256',
    ],
  ])('is not there for a class with %s, and the schema says why', (_, make, obstacle) => {
    const { layout, obstacles } = schemaOf(make());
    expect(layout).toBeUndefined();
    expect(obstacles).toHaveLength(1);
    expect(obstacles[0]).toContain(obstacle);
  });

  it('names each class and field that stands in its way', () => {
    const Odd = wide('Odd', 2, cv.IsString(), '\ud800');
    class Holder {
      @Type(() => Odd) odd!: unknown;
    }
    expect(schemaOf(Holder).obstacles.map((line) => line.slice(0, 4))).toEqual(['Odd.', 'Odd.']);
  });
});
