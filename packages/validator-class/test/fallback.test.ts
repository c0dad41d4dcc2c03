import 'reflect-metadata';
import { ServiceError } from '@tenon/contract';
import { Type } from 'class-transformer';
import {
  ArrayUnique,
  IsIBAN,
  IsInt,
  IsOptional,
  IsString,
  Min,
  registerDecorator,
  Validate,
  ValidateBy,
  ValidateIf,
  ValidateNested,
  ValidatePromise,
  type ValidationArguments,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileDto } from '../src/index.js';
import { assertSame, inBothWays } from './reference.js';
import { anyValue } from './values.js';

@ValidatorConstraint({ name: 'isEven' })
class IsEven implements ValidatorConstraintInterface {
  validate(value: unknown, facts?: ValidationArguments): boolean {
    return typeof value === 'number' && value % 2 === 0 && (facts?.constraints?.length ?? 0) < 5;
  }
  defaultMessage(): string {
    return '$property must be even, not $value ($constraint1)';
  }
}

/** A user's rule that is called like one of class-validator's. */
const byName = (name: string, validate: (value: unknown) => unknown, constraints: unknown[] = []): PropertyDecorator =>
  ValidateBy({
    name,
    constraints,
    validator: { validate: validate as () => boolean, defaultMessage: () => `own ${name}` },
  });

const violations = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return (error as ServiceError).details;
  }
  throw new Error('nothing was thrown');
};

describe("users' rules", () => {
  it('are run by class-validator, beside compiled ones', () => {
    class Even {
      @Validate(IsEven, [1, 2]) @IsInt() number!: unknown;
      @Validate(IsEven, { each: true }) @IsOptional() list?: unknown;
    }
    const compiled = inBothWays(Even);
    expect(compiled[0]?.handedOver).toEqual(['rule: Even.number isEven', 'rule: Even.list isEven']);
    fc.assert(
      fc.property(
        fc.record({ number: anyValue, list: anyValue }, { requiredKeys: [] }),
        (value) => void assertSame(Even, value, compiled),
      ),
    );
  });

  it("that bear a built-in's name are found out by the probe", () => {
    class Own {
      @byName('isString', (value) => value === 'only this') a!: unknown;
      @byName('isEmail', (value) => typeof value === 'string' && value.endsWith('@our.org')) b!: unknown;
      @byName('minLength', (value) => Array.isArray(value) && value.length > 3, [3]) c!: unknown;
      @byName('min', (value) => Number(value) >= 3, [3]) d!: unknown;
      @byName('isInt', () => {
        throw new Error('not now');
      })
      e!: unknown;
      @byName('isNotEmpty', async () => true) f!: unknown;
    }
    const own = compileDto(Own).handedOver;
    expect(own).toEqual(
      ['a isString', 'b isEmail', 'c minLength', 'd min', 'e isInt', 'f isNotEmpty'].map((rule) => `rule: Own.${rule}`),
    );
  });

  it('that hide their options from the metadata are found out too', () => {
    class Hidden {
      @ArrayUnique((item: { id: number }) => item.id) a!: unknown[];
      @ArrayUnique((item: unknown) => String(item).toLowerCase()) b!: unknown[];
      @IsIBAN({ whitelist: ['AT'] }) c!: string;
    }
    const compiled = inBothWays(Hidden);
    expect(compiled[0]?.handedOver).toEqual([
      'rule: Hidden.a arrayUnique',
      'rule: Hidden.b arrayUnique',
      'rule: Hidden.c isIBAN',
    ]);
    assertSame(Hidden, { a: [{ id: 1 }, { id: 1 }], b: ['a', 'A'], c: 'DE89370400440532013000' }, compiled);
  });

  it('see the whole object, whatever the order in which its fields came', () => {
    class Range {
      @IsInt() low!: number;
      @ValidateBy({
        name: 'isAboveLow',
        validator: {
          validate: (value, facts) => value > (facts as ValidationArguments & { object: Range }).object.low,
          defaultMessage: () => 'too low',
        },
      })
      high!: number;
      @ValidateIf((range: Range) => range.high > 10) @IsString() reason?: string;
    }
    const compiled = inBothWays(Range);
    expect(compiled[0]?.validate({ high: 5, low: 3 })).toEqual({ low: 3, high: 5 });
    assertSame(Range, { high: 2, low: 3 }, compiled);
    assertSame(Range, { high: 12, low: 3 }, compiled);
    assertSame(Range, { reason: 5, high: 5, low: 3 }, compiled);
  });

  it('that throw are passed on: they are a fault of the service, not of the caller', () => {
    class Faulty {
      @byName('ours', () => {
        throw new TypeError('a bug');
      })
      field!: unknown;
    }
    expect(() => compileDto(Faulty).validate({ field: 1 })).toThrow(TypeError);
  });

  it('that come without a @ValidatorConstraint judge nothing, as in class-validator', () => {
    class Bare implements ValidatorConstraintInterface {
      validate(): boolean {
        return false;
      }
    }
    class Loose {
      @Validate(Bare) field!: unknown;
    }
    assertSame(Loose, { field: 1 });
  });
});

describe('asynchronous rules', () => {
  const taken = async (name: unknown): Promise<boolean> => name !== 'taken';
  const Free =
    (async: boolean): PropertyDecorator =>
    (target, property) =>
      registerDecorator({
        name: 'isFree',
        async,
        target: target.constructor,
        propertyName: property as string,
        options: { message: 'taken' },
        validator: { validate: taken },
      });

  it.each([true, false])('make the verdict a promise (declared: %s)', async (declared) => {
    class Account {
      @Free(declared) name!: string;
      @IsInt() age!: number;
    }
    const { validate, errors } = compileDto(Account);
    for (let round = 0; round < 2; round += 1) {
      await expect(validate({ name: 'free', age: 1 })).resolves.toBeInstanceOf(Account);
      await expect(validate({ name: 'taken', age: 'x' })).rejects.toMatchObject({
        code: 'InvalidArgument',
        executed: 'no',
        details: {
          violations: [
            { field: 'name', rule: 'isFree', message: 'taken', valueType: 'string' },
            { field: 'age', rule: 'isInt', message: 'age must be an integer number', valueType: 'string' },
          ],
        },
      });
    }
    expect(errors({ name: 'taken', age: 1 })).toEqual([]); // validateSync leaves asynchronous rules out.
  });

  it('of a nested class count for the class that nests it', async () => {
    class Inner {
      @Free(true) name!: string;
    }
    class Outer {
      @ValidateNested({ each: true }) @Type(() => Inner) list!: Inner[];
    }
    const compiled = compileDto(Outer);
    expect(compiled.handedOver).toEqual(['whole: Inner.name has an asynchronous rule', 'rule: Inner.name isFree']);
    await expect(compiled.validate({ list: [{ name: 'taken' }] })).rejects.toThrow('list[0].name: taken');
  });

  it('that reject are passed on, and leave no rejection without a reader', async () => {
    class Down {
      @byName('ours', () => Promise.reject(new Error('the database is away'))) field!: unknown;
    }
    const { validate } = compileDto(Down);
    await expect(validate({ field: 1 })).rejects.toThrow('the database is away');
  });

  it('wait for promises under @ValidatePromise', async () => {
    class Later {
      @ValidatePromise() @IsInt() number!: unknown;
    }
    const { validate, handedOver } = compileDto(Later);
    expect(handedOver).toEqual(['whole: Later.number awaits a promise']);
    await expect(validate({ number: 1 })).resolves.toBeInstanceOf(Later);
    await expect(validate({ number: 'x' })).rejects.toThrow('integer');
  });
});

describe('rules in groups', () => {
  it('send the class and those that nest it to class-validator', () => {
    class Grouped {
      @IsInt({ groups: ['create'] }) @Min(1, { always: true }) number!: number;
    }
    class Nesting {
      @ValidateNested() @Type(() => Grouped) grouped!: Grouped;
    }
    const compiled = inBothWays(Nesting);
    expect(compiled[0]?.handedOver).toEqual(['whole: Grouped.number has a rule in a group']);
    for (const number of [1, 0, 'x']) assertSame(Nesting, { grouped: { number } }, compiled);
    expect(violations(() => compiled[0]?.validate({ grouped: { number: 0 } }))).toEqual({
      violations: [
        { field: 'grouped.number', rule: 'min', message: 'number must not be less than 1', valueType: 'number' },
      ],
    });
  });
});
