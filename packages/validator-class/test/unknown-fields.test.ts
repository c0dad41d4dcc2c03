import 'reflect-metadata';
import { Expose, Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { type ClassValidatorOptions, compileDto } from '../src/index.js';

describe('fields that no rule knows', () => {
  class Inner {
    @IsInt() n!: number;
  }
  class Outer {
    @IsString() name!: string;
    @IsOptional() @ValidateNested() @Type(() => Inner) inner?: Inner;
    note = 'default';
  }
  const value = { name: 'Ada', extra: 1, note: 'sent', inner: { n: 1, more: true } };
  const compiled = (unknownFields: ClassValidatorOptions['unknownFields']) => compileDto(Outer, { unknownFields });

  it('are kept unless told otherwise', () => {
    expect(compileDto(Outer).validate(value)).toEqual(value);
  });

  it('are dropped on demand, at every depth, and leave defaults as they were', () => {
    expect(compiled('strip').validate(value)).toEqual({ name: 'Ada', note: 'default', inner: { n: 1 } });
  });

  it('are refused on demand, each with its path', () => {
    const refuse = compiled('refuse');
    expect(refuse.validate({ name: 'Ada', inner: { n: 1 } })).toMatchObject({ note: 'default' });
    expect(() => refuse.validate(value)).toThrowError(
      expect.objectContaining({
        details: {
          violations: [
            {
              field: 'extra',
              rule: 'whitelistValidation',
              message: 'property extra should not exist',
              valueType: 'number',
            },
            {
              field: 'note',
              rule: 'whitelistValidation',
              message: 'property note should not exist',
              valueType: 'string',
            },
            {
              field: 'inner.more',
              rule: 'whitelistValidation',
              message: 'property more should not exist',
              valueType: 'boolean',
            },
          ],
        },
      }),
    );
  });

  it('are dropped and refused by class-validator where class-transformer builds', () => {
    class Renamed {
      @IsString() @Expose({ name: 'full_name' }) name!: string;
    }
    const sent = { full_name: 'Ada', extra: 1 };
    expect(compileDto(Renamed, { unknownFields: 'strip' }).validate(sent)).toEqual({ name: 'Ada' });
    expect(() => compileDto(Renamed, { unknownFields: 'refuse' }).validate(sent)).toThrow('extra should not exist');
  });

  it('are all there is to a class without rules, which keeps them in any case', () => {
    class Anything {}
    for (const unknownFields of ['keep', 'strip', 'refuse'] as const) {
      const anything = compileDto(Anything, { unknownFields }).validate({ a: 1 });
      expect(anything).toBeInstanceOf(Anything);
      expect(anything).toEqual({ a: 1 });
    }
  });
});
