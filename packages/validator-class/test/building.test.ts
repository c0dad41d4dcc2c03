import 'reflect-metadata';
import { Exclude, Expose, plainToInstance, Transform, Type } from 'class-transformer';
import {
  Allow,
  IsArray,
  IsDate,
  IsDefined,
  IsInt,
  IsOptional,
  IsString,
  Max,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileDto } from '../src/index.js';
import { assertSame, inBothWays } from './reference.js';
import { anyValue } from './values.js';

class Item {
  @IsString() sku!: string;
}

describe('building an instance', () => {
  it('makes instances of the class and of what it nests', () => {
    class Order {
      @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
    }
    const order = compileDto(Order).validate({ items: [{ sku: 'a' }] }) as Order;
    expect(order).toBeInstanceOf(Order);
    expect(order.items[0]).toBeInstanceOf(Item);
  });

  it('keeps the default of a field that is absent or undefined, as none of them had come', () => {
    class Page {
      @IsInt() limit = 20;
      @IsOptional() @IsString() after: string | undefined = 'start';
    }
    const compiled = compileDto(Page);
    expect(compiled.validate({})).toEqual({ limit: 20, after: 'start' });
    expect(compiled.validate({ limit: undefined, after: undefined })).toEqual({ limit: 20, after: 'start' });
    expect(compiled.validate({ limit: 5, after: null })).toEqual({ limit: 5, after: null });
  });

  it('shares nothing with the value it was given', () => {
    class Note {
      @Allow() body!: { tags: string[] };
      @IsDate() at!: Date;
      @Allow() bytes!: Uint8Array;
    }
    const value = { body: { tags: ['a'] }, at: new Date(5), bytes: Uint8Array.of(1, 2), more: { deep: [1] } };
    const note = compileDto(Note).validate(value) as Note & { more: { deep: number[] } };
    note.body.tags.push('b');
    note.at.setTime(0);
    note.bytes[0] = 9;
    note.more.deep.push(2);
    expect(value).toEqual({ body: { tags: ['a'] }, at: new Date(5), bytes: Uint8Array.of(1, 2), more: { deep: [1] } });
  });

  it('copies typed arrays whole, of which class-transformer makes empty ones', () => {
    class Blob {
      @Allow() bytes!: Uint8Array;
    }
    const bytes = Uint8Array.of(1, 2, 3, 4).subarray(1, 3);
    expect((compileDto(Blob).validate({ bytes }) as Blob).bytes).toEqual(Uint8Array.of(2, 3));
  });

  it('lets no key of the wire reach a prototype', () => {
    class Open {
      @IsOptional() @IsString() name?: string;
      @Allow() extra?: unknown;
    }
    const compiled = compileDto(Open);
    const keys = '"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"prototype":{"admin":true}';
    for (const text of [
      `{${keys}}`,
      `{"extra":{${keys}}}`,
      `{"extra":[{${keys}}]}`,
      `{"toString":1,"hasOwnProperty":2}`,
    ]) {
      const open = compiled.validate(JSON.parse(text)) as Open & { admin?: boolean };
      expect(Object.getPrototypeOf(open)).toBe(Open.prototype);
      expect(open.admin).toBeUndefined();
      expect(({} as { admin?: boolean }).admin).toBeUndefined();
      expect(open.constructor).toBe(Open);
      expect(JSON.stringify(open)).not.toContain('admin');
      expect(typeof open.toString).toBe('function');
    }
  });

  it('never takes an inherited member of a polluted Object.prototype for a field', () => {
    class Named {
      @IsString() nick!: string;
    }
    const compiled = compileDto(Named);
    const everything = Object.prototype as { nick?: string };
    everything.nick = 'planted';
    try {
      expect(() => compiled.validate({})).toThrow('nick must be a string');
    } finally {
      delete everything.nick;
    }
  });

  it('leaves methods and getters of the class alone', () => {
    class Circle {
      @IsInt() radius!: number;
      #note = '';
      get area(): number {
        return this.radius ** 2;
      }
      set note(text: string) {
        this.#note = text.trim();
      }
      @IsString() get note(): string {
        return this.#note;
      }
      grow(): number {
        return this.radius + 1;
      }
    }
    const circle = compileDto(Circle).validate({ radius: 2, area: 100, grow: 'x', note: '  round ' }) as Circle;
    expect([circle.area, circle.grow(), circle.note]).toEqual([4, 3, 'round']);
  });

  it('judges what the class itself has under a name with rules, a method too', () => {
    class Odd {
      @IsDefined() present(): void {}
      @IsString() wrong(): void {}
    }
    assertSame(Odd, { present: null, wrong: 'text' });
  });

  it('judges a field that only has a getter when the rest is there', () => {
    class Box {
      @IsInt() width!: number;
      @Max(10) get area(): number {
        return this.width ** 2;
      }
    }
    assertSame(Box, { width: 3, area: 100 });
    assertSame(Box, { width: 4 });
  });

  it('converts by @Type as class-transformer does', () => {
    class Typed {
      @Type(() => Date) date: unknown;
      @Type(() => Number) number: unknown;
      @Type(() => String) string: unknown;
      @Type(() => Boolean) boolean: unknown;
      @Type(() => Buffer) buffer: unknown;
      @IsOptional() @Type(() => Item) item: unknown;
      @IsOptional() @IsArray() @Type(() => Item) items?: Item[];
    }
    const compiled = inBothWays(Typed);
    expect(compiled[0]?.handedOver).toEqual([]);
    const one = fc.oneof(anyValue, fc.constantFrom<unknown>('2024-02-29T12:00:00Z', [['1'], null], Buffer.from('x')));
    fc.assert(
      fc.property(
        fc.record({ date: one, number: one, string: one, boolean: one, item: one, items: one }, { requiredKeys: [] }),
        fc.constantFrom<unknown>(undefined, 'text', Buffer.from('x'), null),
        (value, buffer) => {
          // class-transformer throws on what has no way to become a string, a number or a date.
          fc.pre(isConvertible(Typed, value));
          assertSame(Typed, { ...value, buffer }, compiled);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('leaves a value that cannot be converted to the rules instead of failing', () => {
    class Text {
      @IsString() @Type(() => String) text!: string;
    }
    const value = JSON.parse('{"text":{"toString":1,"valueOf":1}}');
    expect(() => compileDto(Text).validate(value)).toThrow('text must be a string');
  });

  it('honours @Transform, @Expose, @Exclude and discriminators by class-transformer itself', () => {
    abstract class Shape {
      @IsString() kind!: string;
    }
    class Square extends Shape {
      @IsInt() side!: number;
    }
    class Round extends Shape {
      @IsInt() radius!: number;
    }
    class Drawing {
      @Expose({ name: 'drawing_title' }) @IsString() @Transform(({ value }) => value.trim()) title!: string;
      @Exclude() secret = 'mine';
      @Type(() => Shape as never, {
        keepDiscriminatorProperty: true,
        discriminator: {
          property: 'kind',
          subTypes: [
            { value: Square, name: 'square' },
            { value: Round, name: 'round' },
          ],
        },
      })
      @ValidateNested()
      shape!: Shape;
    }
    const compiled = inBothWays(Drawing);
    expect(compiled[0]?.handedOver).toEqual(['building: Drawing.title has @Transform']);
    const value = { drawing_title: ' x ', secret: 'theirs', shape: { kind: 'round', radius: 2 } };
    const drawing = compiled[0]?.validate(value) as Drawing;
    expect(drawing).toMatchObject({ title: 'x', secret: 'mine', shape: { kind: 'round', radius: 2 } });
    expect(drawing.shape).toBeInstanceOf(Round);
    expect(value.shape).toEqual({ kind: 'round', radius: 2 });
    assertSame(Drawing, { drawing_title: 'x', shape: { kind: 'square', side: 'long' } }, compiled);
  });

  it('hands class-transformer a copy without keys that it would stumble over', () => {
    class Cat {
      @IsInt() lives!: number;
    }
    class Owner {
      @Type(() => Cat, { discriminator: { property: 'kind', subTypes: [{ value: Cat, name: 'cat' }] } })
      @ValidateNested()
      pet!: Cat;
      @IsInt() age = 1;
      @Allow() meta?: unknown;
    }
    const value = JSON.parse('{"pet":{"kind":"cat","lives":9},"meta":{"constructor":1,"a":[{"__proto__":{"b":1}}]}}');
    const given = structuredClone(value);
    const owner = compileDto(Owner).validate({ ...value, age: undefined }) as Owner;
    expect(owner).toEqual({ pet: { lives: 9 }, age: 1, meta: { a: [{}] } });
    expect(value).toEqual(given);
  });

  it('calls a value that a @Transform stumbles over invalid', () => {
    class Trimmed {
      @IsString() @Transform(({ value }) => value.trim()) text!: string;
    }
    const compiled = compileDto(Trimmed);
    expect(() => compiled.validate({ text: 5 })).toThrow('[InvalidArgument] Trimmed is not valid');
  });

  it('makes sets and maps where class-transformer does', () => {
    class Sets {
      @Type(() => Item) @ValidateNested({ each: true }) set!: Set<Item>;
      @IsOptional() @Type(() => Item) @ValidateNested({ each: true }) map?: Map<string, Item>;
    }
    const compiled = inBothWays(Sets);
    const sets = compiled[0]?.validate({ set: [{ sku: 'a' }], map: { first: { sku: 'b' } } }) as Sets;
    expect([...sets.set][0]).toBeInstanceOf(Item);
    expect(sets.map?.get('first')).toBeInstanceOf(Item);
    assertSame(Sets, { set: [{ sku: 1 }], map: { first: { sku: 2 } } }, compiled);
  });

  it.each([true, false])('builds a valid value once, at the first go (generated: %s)', (generateCode) => {
    let built = 0;
    class Part {
      @IsString() name!: string;
    }
    class Whole {
      constructor() {
        built += 1;
      }
      @IsInt() number!: number;
      @IsOptional() @IsString() note?: string;
      @IsOptional() @Type(() => Date) @IsDate() at?: Date;
      @IsArray() @ValidateNested({ each: true }) @Type(() => Part) parts!: Part[];
      @ValidateIf((whole: Whole) => whole.number > 1) @IsString() reason?: string;
      @IsOptional()
      @ValidateBy({
        name: 'isAboveNumber',
        validator: {
          validate: (value, facts) => value > Number((facts?.object as Whole | undefined)?.number),
        },
      })
      above?: number;
    }
    const { validate } = compileDto(Whole, { generateCode });
    const parts = [{ name: 'a' }, { name: 'b' }];
    const values = [
      { number: 1, parts },
      { above: 3, parts, number: 2, reason: 'x', note: null, at: '2024-02-29T12:00:00Z' },
      { unknown: 1, note: 'n', number: 1, parts: [], more: undefined },
    ];
    for (const value of values) {
      built = 0;
      expect(validate(value)).toBeInstanceOf(Whole);
      expect(built).toBe(1);
    }
  });

  it('takes instances too, of the class itself or of another', () => {
    class Named {
      @IsString() name!: string;
      greet(): string {
        return this.name;
      }
    }
    const compiled = compileDto(Named);
    const given = Object.assign(new Named(), { name: 'Ada' });
    const made = compiled.validate(given) as Named;
    expect(made).not.toBe(given);
    expect(made.greet()).toBe('Ada');
  });
});

function isConvertible(dto: new () => object, value: object): boolean {
  try {
    plainToInstance(dto, value);
    return true;
  } catch {
    return false;
  }
}
