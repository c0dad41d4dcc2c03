import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayMinSize,
  ArrayUnique,
  Equals,
  IsArray,
  IsBoolean,
  IsDate,
  IsDateString,
  IsDefined,
  IsEmail,
  IsEnum,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsPositive,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { describe, expect, it } from 'vitest';
import { compileDto } from '../src/index.js';

enum Color {
  red = 'red',
  blue = 'blue',
}

class Address {
  @IsString() @MaxLength(80) street!: string;
}

class Person {
  @IsUUID() id!: string;
  @IsEmail() email!: string;
  @IsString() @IsNotEmpty() name!: string;
  @IsString() @MinLength(2) @Length(1, 20) @Matches(/^[a-z]+$/) @Matches(/x/i) nick!: string;
  @IsInt() @Min(0) @Max(150) age!: number;
  @IsOptional() @IsNumber() @IsPositive() height?: number;
  @IsBoolean() active = true;
  @IsEnum(Color) color!: Color;
  @IsOptional() @IsIn(['a', 1]) pick?: unknown;
  @Equals('v1') version!: string;
  @IsArray() @ArrayMinSize(1) @ArrayUnique() @IsString({ each: true }) @Length(1, 5, { each: true }) tags!: string[];
  @IsDate() @Type(() => Date) born!: Date;
  @ValidateNested() @Type(() => Address) address!: Address;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Person) friends?: Person[];
  @ValidateBy({ name: 'odd', validator: { validate: () => true } }) odd!: string;
}

describe('the JSON Schema of a class', () => {
  it('says types, bounds, patterns, formats, enums, items, nesting and what must be sent', () => {
    expect(compileDto(Person).jsonSchema).toEqual({
      title: 'Person',
      type: 'object',
      properties: {
        id: { type: 'string', format: 'uuid' },
        email: { type: 'string', format: 'email' },
        name: { type: 'string', minLength: 1 },
        nick: { type: 'string', minLength: 2, maxLength: 20, pattern: '^[a-z]+$' },
        age: { type: 'integer', minimum: 0, maximum: 150 },
        height: { type: ['number', 'null'], exclusiveMinimum: 0 },
        active: { type: 'boolean', default: true },
        color: { type: 'string', enum: ['red', 'blue'] },
        pick: { enum: ['a', 1, null] },
        version: { type: 'string', const: 'v1' },
        tags: { type: 'array', minItems: 1, uniqueItems: true, items: { type: 'string', minLength: 1, maxLength: 5 } },
        born: { type: 'string', format: 'date-time', 'x-tenon-type': 'date' },
        address: { $ref: '#/$defs/Address' },
        friends: { type: ['array', 'null'], items: { $ref: '#' } },
        odd: { type: 'string' },
      },
      required: ['id', 'email', 'name', 'nick', 'age', 'color', 'version', 'tags', 'born'],
      $defs: {
        Address: {
          title: 'Address',
          type: 'object',
          properties: { street: { type: 'string', maxLength: 80 } },
          required: ['street'],
        },
      },
    });
  });

  it('refers to a class whose name a pointer has to escape', () => {
    const odd = {
      'a/b~c ü': class {
        declare x: string;
      },
    }['a/b~c ü'] as new () => object;
    IsString()(odd.prototype, 'x');
    class Outer {
      @ValidateNested() @Type(() => odd) odd!: object;
    }
    const { properties, $defs } = compileDto(Outer).jsonSchema;
    expect(properties?.['odd']).toEqual({ $ref: '#/$defs/a~1b~0c%20%C3%BC' });
    expect(Object.keys($defs ?? {})).toEqual(['a/b~c ü']);
  });

  it('names what JSON has no type for', () => {
    class Odd {
      @IsDefined() count!: bigint;
      @IsDefined() bytes!: Uint8Array;
      @IsDefined() buffer!: Buffer;
      @IsOptional() @IsDate() @Type(() => Date) due?: Date;
      @IsDateString() text!: string;
    }
    expect(compileDto(Odd).jsonSchema.properties).toEqual({
      count: { type: 'integer', 'x-tenon-type': 'bigint' },
      bytes: { type: 'string', contentEncoding: 'base64', 'x-tenon-type': 'bytes' },
      buffer: { type: 'string', contentEncoding: 'base64', 'x-tenon-type': 'bytes' },
      due: { type: ['string', 'null'], format: 'date-time', 'x-tenon-type': 'date' },
      text: { type: 'string', format: 'date-time' },
    });
  });

  it('tells two nested classes of one name apart', () => {
    const one = (() => {
      class Item {
        @IsString() a!: string;
      }
      return Item;
    })();
    const other = (() => {
      class Item {
        @IsInt() b!: number;
      }
      return Item;
    })();
    class Both {
      @ValidateNested() @Type(() => one) one!: object;
      @ValidateNested() @Type(() => other) other!: object;
    }
    const { properties, $defs } = compileDto(Both).jsonSchema;
    expect(properties).toEqual({ one: { $ref: '#/$defs/Item' }, other: { $ref: '#/$defs/Item2' } });
    expect($defs?.['Item']?.required).toEqual(['a']);
    expect($defs?.['Item2']?.required).toEqual(['b']);
  });

  it('closes the object where unknown fields are refused', () => {
    expect(compileDto(Address, { unknownFields: 'refuse' }).jsonSchema.additionalProperties).toBe(false);
  });

  it('leaves out a default that differs from one instance to the next', () => {
    let last = 0;
    class Numbered {
      @IsInt() number = ++last;
    }
    expect(compileDto(Numbered).jsonSchema).toEqual({
      title: 'Numbered',
      type: 'object',
      properties: { number: { type: 'integer' } },
    });
  });

  it('is plain JSON', () => {
    const { jsonSchema } = compileDto(Person);
    expect(JSON.parse(JSON.stringify(jsonSchema))).toEqual(jsonSchema);
  });
});
