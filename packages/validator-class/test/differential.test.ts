import 'reflect-metadata';
import assert from 'node:assert/strict';
import { compiledRuleNames } from '@tenon/schema';
import { Type } from 'class-transformer';
import {
  Allow,
  getMetadataStorage,
  IsArray,
  IsDefined,
  IsInt,
  IsOptional,
  IsString,
  ValidateIf,
  ValidateNested,
  type ValidationOptions,
} from 'class-validator';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { type Decorate, decorators } from './decorators.js';
import { assertSame, inBothWays } from './reference.js';
import { anyValue } from './values.js';

type Class = new () => object;
type Fields = Readonly<Record<string, readonly PropertyDecorator[]>>;

const allDecorators = Object.entries(decorators);

/** A class with decorated fields, as TypeScript would make it. */
function makeClass(fields: Fields, parent?: Class): Class {
  const Dto = parent === undefined ? class Dto {} : class Child extends parent {};
  for (const [field, list] of Object.entries(fields)) for (const one of list) one(Dto.prototype, field);
  return Dto;
}

const messages = fc.constantFrom<ValidationOptions['message']>(
  undefined,
  'fixed',
  '$property of $target is $value, not $constraint1 or $constraint2',
  (facts) => `${facts.targetName}.${facts.property}: ${typeof facts.value} ${String(facts.constraints?.length)}`,
);

const options: fc.Arbitrary<ValidationOptions> = fc.record(
  {
    each: fc.boolean(),
    message: messages as fc.Arbitrary<string>,
    context: fc.constantFrom<unknown>(undefined, { code: 1 }, { text: 'x' }),
  },
  { noNullPrototype: true },
);

const rule: fc.Arbitrary<PropertyDecorator> = fc
  .tuple(fc.constantFrom(...allDecorators.map(([, decorate]) => decorate)), options)
  .map(([decorate, one]) => decorate(one));

const presence: fc.Arbitrary<PropertyDecorator> = fc.constantFrom<PropertyDecorator>(
  IsOptional(),
  IsDefined(),
  IsDefined({ message: '$property is missing', context: { missing: true } }),
  Allow(),
  ValidateIf((object: { a?: unknown }) => typeof object.a === 'string'),
  ValidateIf((_, value) => value !== 'a'),
);

const fieldRules = fc
  .tuple(fc.array(presence, { maxLength: 2 }), fc.array(rule, { maxLength: 3 }))
  .map((both) => both.flat());
// The last one would end the generated code's quotes if they were not quoted in turn.
const fieldNames = ['a', 'b', '0', 'c d', '"];throw 0;["'];

const someFields: fc.Arbitrary<Fields> = fc.dictionary(fc.constantFrom(...fieldNames), fieldRules, { maxKeys: 3 });
const someValue = fc.dictionary(fc.constantFrom(...fieldNames, 'unknown', 'toString'), anyValue, { maxKeys: 5 });

describe('a compiled DTO and class-validator', () => {
  it.each(allDecorators)('agree on %s, alone and for each item', (_, decorate: Decorate) => {
    for (const each of [false, true]) {
      const dto = makeClass({ a: [decorate({ each })] });
      const compiled = inBothWays(dto);
      assert.deepEqual(
        compiled[0]?.handedOver,
        [],
        'the rule must be compiled, or this compares class-validator with itself',
      );
      fc.assert(
        fc.property(anyValue, (a) => void assertSame(dto, { a }, compiled)),
        { numRuns: 100 },
      );
    }
  });

  it('have been compared on every rule that is compiled', () => {
    const used = allDecorators.map(([, decorate]) => {
      const dto = makeClass({ a: [decorate()] });
      const storage = getMetadataStorage();
      const [metadata] = storage.getTargetValidationMetadatas(dto, '', false, false);
      return storage.getTargetValidatorConstraints(metadata?.constraintCls as () => void)[0]?.name;
    });
    assert.deepEqual([...new Set(used)].sort(), [...compiledRuleNames].sort());
  });

  it('agree on classes with several fields, conditions, messages, contexts and unknown keys', () => {
    fc.assert(
      fc.property(someFields, fc.array(someValue, { minLength: 4, maxLength: 8 }), (fields, values) => {
        fc.pre(Object.keys(fields).length > 0 && Object.values(fields).every((rules) => rules.length > 0));
        const dto = makeClass(fields);
        const compiled = inBothWays(dto);
        for (const value of values) assertSame(dto, value, compiled);
      }),
      { numRuns: 250 },
    );
  });

  it('agree on inherited rules, replaced ones and added ones', () => {
    fc.assert(
      fc.property(someFields, someFields, someValue, (fields, more, value) => {
        const parent = makeClass({ ...fields, z: [IsOptional()] });
        assertSame(makeClass(more, parent), value);
      }),
      { numRuns: 250 },
    );
  });

  it('agree on nested objects, arrays of them, and whatever else stands in their place', () => {
    class Leaf {
      @IsString({ message: '$property of $target', context: { leaf: 1 } }) name!: string;
      @IsOptional() @IsInt({ each: true }) numbers?: number[];
    }
    class Branch {
      @ValidateNested({ message: '$property of $target is no leaf: $value', context: { nested: 1 } })
      @Type(() => Leaf)
      leaf!: unknown;
      @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => Leaf) leaves?: unknown;
      @IsOptional() @ValidateNested() @Type(() => Branch) branch?: unknown;
      @IsOptional() @Type(() => Leaf) unchecked?: unknown;
    }
    const leaf = fc.oneof(
      { weight: 6, arbitrary: fc.record({ name: fc.constantFrom<unknown>('Ada', 1) }) },
      {
        weight: 3,
        arbitrary: fc.record(
          { name: fc.constant('Ada'), numbers: anyValue, more: anyValue },
          { requiredKeys: ['name'] },
        ),
      },
      fc.constantFrom<unknown>(
        Object.assign(new Leaf(), { name: 'Ada' }),
        new Date(0),
        Buffer.from('x'),
        new Map(),
        new Set(),
      ),
      anyValue,
    );
    const { branch } = fc.letrec<{ branch: Record<string, unknown> }>((tie) => ({
      branch: fc.record(
        {
          leaf: fc.oneof(leaf, fc.array(fc.array(leaf, { maxLength: 2 }), { maxLength: 2 })),
          leaves: fc.oneof(
            { weight: 4, arbitrary: fc.array(leaf, { maxLength: 4 }) },
            leaf,
            fc.uniqueArray(leaf).map((all) => new Set(all)),
          ),
          branch: fc.option(tie('branch'), { nil: undefined }),
          unchecked: leaf,
        },
        { requiredKeys: [] },
      ),
    }));
    const compiled = inBothWays(Branch);
    assert.deepEqual(compiled[0]?.handedOver, []);
    let valid = 0;
    fc.assert(
      fc.property(branch, (value) => {
        if (assertSame(Branch, value, compiled).length === 0) valid += 1;
      }),
      { numRuns: 1_000 },
    );
    assert.ok(valid > 50, `only ${valid} of the values were valid: the one-pass reader was hardly tried`);
  });
});
