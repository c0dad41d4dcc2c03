import 'reflect-metadata';
import { Type } from 'class-transformer';
import * as rules from 'class-validator';
import fc from 'fast-check';
import { text } from './arbitrary.js';
import { classOf, field, type MadeField, type MadeFields } from './made-classes.js';

/** The fields of a class, with values that fit them and values that mostly do not. */
export interface ClassCase {
  readonly fields: MadeFields;
  readonly fitting: readonly object[];
  readonly odd: readonly unknown[];
}

/** Classes with every decorator that says something about a type, which may nest others and themselves. */
export function classCases(): fc.Arbitrary<ClassCase> {
  return grownFields(2).chain((grown) => {
    const whole: Whole = (fuel) => recordOf(grown, whole, fuel);
    return fc.record({
      fields: fc.constant(madeOf(grown)),
      fitting: fc.array(whole(1), { minLength: 1, maxLength: 3 }),
      odd: fc.array(fc.oneof({ weight: 6, arbitrary: spoiled(whole(1), Object.keys(grown)) }, oddValue()), {
        maxLength: 4,
      }),
    });
  });
}

type Whole = (fuel: number) => fc.Arbitrary<object>;

/** A field to decorate and what it holds, which may be an object of the whole class. */
interface Grown {
  readonly made: MadeField;
  readonly value: (whole: Whole, fuel: number) => fc.Arbitrary<unknown>;
}

type GrownFields = Readonly<Record<string, Grown>>;

function grownFields(depth: number): fc.Arbitrary<GrownFields> {
  const one = fc.tuple(fieldName(), modified(grownField(depth)));
  return fc
    .uniqueArray(one, { selector: ([name]) => name, minLength: 1, maxLength: 7 })
    .map((entries) => Object.fromEntries(entries));
}

function fieldName(): fc.Arbitrary<string> {
  return fc.constantFrom(
    ...[
      'a',
      'b',
      'id',
      'name',
      'items',
      'then',
      'length',
      'größe',
      '名',
      'x y',
      '0',
      '7',
      '"',
      '\\',
      '`$' + '{a}`',
      '\u2028',
    ],
  );
}

function madeOf(grown: GrownFields): MadeFields {
  return Object.fromEntries(Object.entries(grown).map(([name, { made }]) => [name, made]));
}

function recordOf(grown: GrownFields, whole: Whole, fuel: number): fc.Arbitrary<object> {
  const entries = Object.entries(grown).map(([name, { value }]) => fc.tuple(fc.constant(name), value(whole, fuel)));
  return fc.tuple(...entries).map((all) => Object.fromEntries(all.filter(([, value]) => value !== undefined)));
}

function grownField(depth: number): fc.Arbitrary<Grown> {
  if (depth === 0) return scalarField();
  return fc.oneof(
    { weight: 6, arbitrary: scalarField() },
    { weight: 2, arbitrary: listOf(scalarField()) },
    { weight: 2, arbitrary: nestedField(depth, false) },
    { weight: 2, arbitrary: nestedField(depth, true) },
    fc.constant(itself),
    dictionaryField(depth),
    unionField(depth),
  );
}

const scalar = (value: fc.Arbitrary<unknown>, ...decorators: readonly PropertyDecorator[]): Grown => ({
  made: field([], ...decorators),
  value: () => value,
});
const noted =
  (type: unknown): PropertyDecorator =>
  (prototype, name) =>
    Reflect.defineMetadata('design:type', type, prototype, name);

function scalarField(): fc.Arbitrary<Grown> {
  const small = fc.integer({ min: -200, max: 200 });
  return fc.constantFrom(
    scalar(text(), rules.IsString()),
    scalar(fc.string({ minLength: 2, maxLength: 9 }), rules.IsString(), rules.Length(2, 9)),
    scalar(fc.emailAddress(), rules.IsEmail()),
    scalar(fc.uuid(), rules.IsUUID()),
    scalar(fc.oneof(small, fc.maxSafeInteger()), rules.IsInt()),
    scalar(fc.nat(), rules.IsInt(), rules.Min(0)),
    scalar(fc.oneof(small, fc.double({ noNaN: true, noDefaultInfinity: true })), rules.IsNumber()),
    scalar(fc.double(), rules.IsNumber({ allowNaN: true, allowInfinity: true })),
    scalar(fc.boolean(), rules.IsBoolean()),
    scalar(fc.constantFrom('open', 'paid', 3), rules.IsIn(['open', 'paid', 3])),
    scalar(fc.constantFrom('open', null), rules.IsIn(['open', null])),
    scalar(fc.constantFrom(0, 1, 2.5), rules.IsEnum({ none: 0, one: 1, more: 2.5 })),
    scalar(
      fc.date({ noInvalidDate: true }),
      rules.IsDate(),
      Type(() => Date),
    ),
    scalar(fc.uint8Array({ maxLength: 40 }), rules.IsInstance(Uint8Array)),
    // MessagePack brings smaller ones as numbers, until the class is agreed on.
    scalar(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), noted(BigInt), rules.Allow()),
    scalar(oddValue(), rules.Allow()),
    scalar(
      fc.dictionary(fc.string({ maxLength: 3 }), small, { maxKeys: 3, noNullPrototype: true }).filter(isHarmless),
      rules.IsObject(),
    ),
  );
}

const isHarmless = (value: object): boolean => !Object.hasOwn(value, '__proto__');

/** May it be left out, or null, or has it a value from its class, or a rule that looks at the whole. */
function modified(one: fc.Arbitrary<Grown>): fc.Arbitrary<Grown> {
  const kinds = ['as it is', 'as it is', 'optional', 'optional', 'defined', 'conditional', 'initial'] as const;
  return fc.tuple(one, fc.constantFrom(...kinds)).map(([grown, kind]) => {
    const { made, value } = grown;
    const may = (nil: null | undefined) => (whole: Whole, fuel: number) => fc.option(value(whole, fuel), { nil });
    if (kind === 'optional') {
      const both = (whole: Whole, fuel: number) => fc.option(may(null)(whole, fuel), { nil: undefined });
      return { made: also(made, rules.IsOptional()), value: both };
    }
    if (kind === 'defined') return { made: also(made, rules.IsDefined()), value };
    if (kind === 'conditional') {
      return {
        made: also(
          made,
          rules.ValidateIf((_, held) => held !== null),
        ),
        value: may(null),
      };
    }
    return kind === 'initial' ? { made: { ...made, initial: 'initial' }, value: may(undefined) } : grown;
  });
}

function also(made: MadeField, decorator: PropertyDecorator): MadeField {
  return {
    ...made,
    decorate: (prototype, name) => {
      decorator(prototype, name);
      made.decorate(prototype, name);
    },
  };
}

const each = { each: true };

function listOf(items: fc.Arbitrary<Grown>): fc.Arbitrary<Grown> {
  return fc.tuple(items, fc.constantFrom(rules.IsString(each), rules.IsInt(each), undefined)).map(([, of]) => {
    if (of === undefined) return scalar(fc.array(oddValue(), { maxLength: 3 }), rules.IsArray());
    const value = fc.oneof(fc.array(text(), { maxLength: 3 }), fc.array(fc.integer(), { maxLength: 3 }));
    return scalar(value, rules.IsArray(), of);
  });
}

function nestedField(depth: number, many: boolean): fc.Arbitrary<Grown> {
  return grownFields(depth - 1).map((grown) => {
    const decorate: MadeField['decorate'] = (prototype, name) => {
      const inner = classOf('Inner', madeOf(grown));
      if (many) rules.IsArray()(prototype, name);
      rules.ValidateNested({ each: many })(prototype, name);
      Type(() => inner)(prototype, name);
    };
    const one: Whole = (fuel) => recordOf(grown, one, fuel);
    const value = (_: Whole, fuel: number) => (many ? fc.array(one(fuel - 1), { maxLength: 3 }) : one(fuel - 1));
    return { made: { values: [], decorate }, value };
  });
}

/** A list of objects of the class that the field is of. */
const itself: Grown = {
  made: {
    values: [],
    decorate: (prototype, name) => {
      rules.ValidateNested({ each: true })(prototype, name);
      Type(() => prototype.constructor as new () => object)(prototype, name);
    },
  },
  value: (whole, fuel) => (fuel <= 0 ? fc.constant([]) : fc.array(whole(fuel - 1), { maxLength: 2 })),
};

function dictionaryField(depth: number): fc.Arbitrary<Grown> {
  return nestedField(depth, false).map(({ made, value }) => ({
    made: also(made, noted(Map)),
    value: (whole, fuel) =>
      fc.dictionary(fc.constantFrom('a', 'b', 'constructor'), value(whole, fuel), {
        maxKeys: 2,
        noNullPrototype: true,
      }),
  }));
}

function unionField(depth: number): fc.Arbitrary<Grown> {
  return fc.tuple(grownFields(depth - 1), grownFields(depth - 1)).map(([first, second]) => ({
    made: {
      values: [],
      decorate: (prototype: object, name: string) => {
        const subTypes = [first, second].map((grown, place) => ({
          name: `kind${place}`,
          value: classOf(`Kind${place}`, madeOf(grown)) as new () => object,
        }));
        rules.ValidateNested()(prototype, name);
        Type(() => Object, { discriminator: { property: 'kind', subTypes }, keepDiscriminatorProperty: true })(
          prototype,
          name,
        );
      },
    },
    value: (whole: Whole, fuel: number) => {
      const told = (grown: GrownFields, kind: string) =>
        recordOf(grown, whole, fuel - 1).map((one) => ({ ...one, kind }));
      return fc.oneof(told(first, 'kind0'), told(second, 'kind1'));
    },
  }));
}

/** An object with a field that is something else, or is gone, or that no class knows. */
function spoiled(value: fc.Arbitrary<object>, names: readonly string[]): fc.Arbitrary<object> {
  const name = fc.constantFrom(...names, 'unknown');
  return fc.tuple(value, name, oddValue()).map(([one, key, odd]) => ({ ...one, [key]: odd }));
}

/** What may come in the place of anything, some of which the plain codec refuses. */
export function oddValue(): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constantFrom<unknown>(
      undefined,
      null,
      true,
      '',
      'x',
      'open',
      0,
      -0,
      7,
      1.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ),
    fc.constantFrom<unknown>(2 ** 53, -(2 ** 53), 2n ** 60n, new Date(0), new Date(Number.NaN)),
    fc.constantFrom<unknown>(
      [],
      [null],
      [undefined],
      [[1]],
      ['x', 1],
      {},
      { a: 1 },
      { kind: 'kind0' },
      { kind: 'other' },
    ),
    fc.constantFrom<unknown>(
      Uint8Array.of(1, 2),
      '\ud800',
      new Map([['a', 1]]),
      new Set([1]),
      () => 1,
      Symbol.iterator,
    ),
  );
}
