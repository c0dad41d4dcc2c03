import 'reflect-metadata';
import assert from 'node:assert/strict';
import { type BuildPlan, ServiceError } from '@tenon/contract';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import {
  Allow,
  IsArray,
  IsDate,
  IsDefined,
  IsInt,
  IsOptional,
  IsString,
  MinLength,
  registerDecorator,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClassValidatorOptions, compileDto } from '../src/index.js';
import { buildByPlan, handedBack, refused } from './build-by-plan.js';
import { type Decorate, decorators } from './decorators.js';

type Class = new () => object;

/** What a decoder may give. */
const scalar = fc.oneof(
  fc.constantFrom<unknown>('', 'a', 'abc', 'open', 'text', 'ada@example.org', '2024-02-29T12:00:00Z', '7', null),
  fc.constantFrom<unknown>(0, -0, 1, 2, 3, 7, -1.5, 1e21, Number.NaN, Number.POSITIVE_INFINITY, true, false, 10n),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom<unknown>(new Date(0), new Date(1e12), new Date(Number.NaN), Uint8Array.of(1, 2)),
);
const plain: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 5, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  fc.array(fc.array(scalar, { maxLength: 2 }), { maxLength: 2 }),
  fc.dictionary(fc.constantFrom('a', 'b', 'toString', 'constructor', '__proto__'), scalar, { maxKeys: 3 }),
);

function makeClass(fields: Readonly<Record<string, readonly PropertyDecorator[]>>): Class {
  class Dto {}
  for (const [field, list] of Object.entries(fields)) for (const one of list) one(Dto.prototype, field);
  return Dto;
}

function planOf(dto: Class, options?: ClassValidatorOptions): BuildPlan {
  const { plan } = compileDto(dto, options);
  assert.ok(plan, `${dto.name} has no plan`);
  return plan;
}

/** Asserts of one value after the other that plan and validator agree on it, and tells which it was. */
function agreement(dto: Class, options?: ClassValidatorOptions): (value: object) => Verdict {
  const { plan, validate } = compileDto(dto, options);
  assert.ok(plan, `${dto.name} has no plan`);
  return (value) => {
    const built = buildByPlan(plan, value);
    if (built === handedBack) return 'handed back';
    if (built !== refused) {
      expect(validate(value)).toStrictEqual(built);
      return 'built';
    }
    assert.throws(
      () => validate(value),
      (error: unknown) => error instanceof ServiceError && error.code === 'InvalidArgument',
    );
    return 'refused';
  };
}

type Verdict = 'built' | 'refused' | 'handed back';

describe('building by a plan and validating', () => {
  it.each(Object.entries(decorators))('agree on %s, alone and for each item', (_, decorate: Decorate) => {
    for (const each of [false, true]) {
      const agree = agreement(makeClass({ a: [decorate({ each })] }));
      fc.assert(
        fc.property(plain, (a) => void agree({ a })),
        { numRuns: 60 },
      );
      agree({});
    }
  });

  it('agree on classes with several fields, optional ones among them', () => {
    const rule = fc
      .tuple(fc.constantFrom(...Object.values(decorators)), fc.boolean())
      .map(([decorate, each]) => decorate({ each }));
    const presence = fc.constantFrom<PropertyDecorator>(
      IsOptional(),
      IsDefined(),
      Allow(),
      Type(() => Date),
      Type(() => Number),
    );
    const rules = fc
      .tuple(fc.array(presence, { maxLength: 2 }), fc.array(rule, { maxLength: 2 }))
      .map((both) => both.flat());
    const someFields = fc.dictionary(fc.constantFrom('a', 'b', 'c'), rules, { minKeys: 1, maxKeys: 3 });
    const someValue = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'unknown'), plain, { maxKeys: 4 });
    const kinds = new Map<string, number>();
    fc.assert(
      fc.property(
        someFields,
        fc.array(someValue, { minLength: 3, maxLength: 6 }),
        fc.boolean(),
        (fields, values, strip) => {
          const agree = agreement(makeClass(fields), { unknownFields: strip ? 'strip' : 'keep' });
          for (const value of values) {
            const kind = agree(value);
            kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
          }
        },
      ),
      { numRuns: 300 },
    );
    for (const kind of ['built', 'refused', 'handed back']) expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(50);
  });

  it('agree on nested objects, arrays of them, and whatever else stands in their place', () => {
    class Leaf {
      @IsString() name!: string;
      @IsOptional() @IsInt({ each: true }) numbers?: number[];
      note = 'none';
    }
    class Branch {
      @ValidateNested() @Type(() => Leaf) leaf!: unknown;
      @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => Leaf) leaves?: unknown;
      @IsOptional() @ValidateNested() @Type(() => Branch) branch?: unknown;
      @ValidateNested() @Type(() => Leaf) own = Object.assign(new Leaf(), { name: 'own' });
      @IsOptional() @Type(() => Leaf) unchecked?: unknown;
    }
    const leaf = fc.oneof(
      { weight: 8, arbitrary: fc.record({ name: fc.constant('Ada') }) },
      { weight: 3, arbitrary: fc.record({ name: fc.constantFrom<unknown>('Ada', 1), numbers: plain, note: plain }) },
      plain,
    );
    const { branch } = fc.letrec<{ branch: Record<string, unknown> }>((tie) => ({
      branch: fc.record(
        {
          leaf: fc.oneof({ weight: 5, arbitrary: leaf }, fc.array(fc.array(leaf, { maxLength: 2 }), { maxLength: 2 })),
          leaves: fc.oneof({ weight: 4, arbitrary: fc.array(leaf, { maxLength: 4 }) }, leaf),
          branch: fc.option(tie('branch'), { nil: undefined }),
          own: leaf,
          unchecked: leaf,
        },
        { requiredKeys: [] },
      ),
    }));
    const agree = agreement(Branch);
    const kinds = new Map<string, number>();
    fc.assert(
      fc.property(branch, (value) => {
        const kind = agree(value);
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      }),
      { numRuns: 1_500 },
    );
    for (const kind of ['built', 'refused', 'handed back']) expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(50);
  });
});

describe('a plan', () => {
  it('has the fields in the order of the class, those without rules last, and names the rules', () => {
    class Note {
      kept = 'x';
      @IsInt() count!: number;
      @IsOptional() @IsString() @MinLength(2) text?: string;
      @IsString({ each: true }) list!: string[];
      @IsDate() @Type(() => Date) at!: Date;
    }
    const plan = planOf(Note);
    expect(plan).toMatchObject({ dto: Note, dropsUnknown: false });
    expect(plan.fields.map(({ name, optional, tests }) => [name, optional, tests.map(({ rule }) => rule)])).toEqual([
      ['count', false, ['isInt']],
      ['text', true, ['minLength']], // That it is a text follows.
      ['list', false, [undefined]], // A rule about each item is none about the value.
      ['at', false, ['isDate']],
      ['kept', true, []],
    ]);
    expect(Object.isFrozen(plan) && plan.fields.every(Object.isFrozen)).toBe(true);
  });

  it('converts only what may need it: not a scalar, which is nobody else’s', () => {
    class Mixed {
      @IsInt() count!: number;
      @IsString({ each: true }) list!: string[];
      @IsDate() at!: Date;
      @IsDate() @Type(() => Date) typed!: Date;
      @Allow() any: unknown;
      @IsDefined() some: unknown;
    }
    const converts = planOf(Mixed).fields.map(({ name, convert }) => [name, convert !== undefined]);
    expect(Object.fromEntries(converts)).toEqual({
      count: false,
      list: false,
      at: false,
      typed: true,
      any: true,
      some: true,
    });
  });

  it('drops unknown fields where the validator does, which never does so for a class without rules', () => {
    class Ruled {
      @IsInt() count!: number;
      free = 1;
    }
    class Free {
      free = 1;
    }
    const drops = (dto: Class, unknownFields: 'keep' | 'strip' | 'refuse') =>
      planOf(dto, { unknownFields }).dropsUnknown;
    expect([drops(Ruled, 'keep'), drops(Ruled, 'strip'), drops(Ruled, 'refuse')]).toEqual([false, true, false]);
    expect([drops(Free, 'keep'), drops(Free, 'strip'), drops(Free, 'refuse')]).toEqual([false, false, false]);
    expect(planOf(Ruled, { unknownFields: 'strip' }).fields.map(({ name }) => name)).toEqual(['count']);
    expect(agreement(Ruled, { unknownFields: 'strip' })({ count: 1, free: 2, more: 3 })).toBe('built');
    expect(agreement(Ruled, { unknownFields: 'refuse' })({ count: 1, free: 2 })).toBe('handed back');
  });

  it('leads on to the plans of nested classes, round in a circle too', () => {
    class Tree {
      @ValidateNested({ each: true }) @Type(() => Tree) children: Tree[] = [];
    }
    const plan = planOf(Tree);
    expect(plan.fields[0]?.nested?.()).toBe(plan);
    expect(agreement(Tree)({ children: [{ children: [{}] }] })).toBe('built');
  });

  it.each<[string, () => Class]>([
    ["a user's rule", () => makeClass({ a: [ValidateBy({ name: 'ours', validator: { validate: () => true } })] })],
    [
      'an asynchronous rule',
      () =>
        makeClass({
          a: [
            (target, property) =>
              registerDecorator({
                async: true,
                target: target.constructor,
                propertyName: property as string,
                validator: { validate: async () => true },
              }),
          ],
        }),
    ],
    ['a condition', () => makeClass({ a: [ValidateIf(() => true), IsInt()] })],
    ['a rule with a condition of its own', () => makeClass({ a: [IsInt({ validateIf: () => true })] })],
    ['a rule in a group', () => makeClass({ a: [IsInt({ groups: ['create'] })] })],
    ['a @Transform', () => makeClass({ a: [Transform(({ value }) => value), IsInt()] })],
    ['an @Expose', () => makeClass({ a: [Expose({ name: 'b' }), IsInt()] })],
    ['an @Exclude', () => makeClass({ a: [Exclude(), IsInt()] })],
    [
      'an accessor',
      () => {
        class Box {
          #width = 0;
          @IsInt() get width(): number {
            return this.#width;
          }
          set width(width: number) {
            this.#width = width;
          }
        }
        return Box;
      },
    ],
    [
      'a rule on a getter',
      () => {
        class Box {
          @IsInt() get width(): number {
            return 1;
          }
        }
        return Box;
      },
    ],
    [
      'a class that is chosen by a property',
      () => {
        class One {
          @IsInt() a!: number;
        }
        const discriminator = { property: 'kind', subTypes: [{ name: 'one', value: One }] };
        return makeClass({ a: [Type(() => One, { discriminator }), ValidateNested()] });
      },
    ],
  ])('is not there for a class with %s, nor for one that nests it', (_, make) => {
    const dto = make();
    class Holder {
      @IsOptional() @ValidateNested() @Type(() => dto) held?: object;
    }
    expect(compileDto(dto).plan).toBeUndefined();
    expect(compileDto(Holder).plan).toBeUndefined();
  });
});
