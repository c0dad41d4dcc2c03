import 'reflect-metadata';
import type { DtoClass } from '@tenon/contract';
import { Type } from 'class-transformer';
import {
  Allow,
  IsArray,
  IsBoolean,
  IsDate,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  ValidateNested,
} from 'class-validator';

/** A field of a class that is made at run time. */
export interface MadeField {
  /** Puts decorators on it. What it nests is made anew each time, as in another process. */
  readonly decorate: (prototype: object, name: string) => void;
  /** What the class gives it. */
  readonly initial?: unknown;
  /** Some that fit. Undefined: it is left out. */
  readonly values: readonly unknown[];
}

export type MadeFields = Readonly<Record<string, MadeField>>;

export function classOf(name: string, fields: MadeFields): DtoClass {
  const filled = Object.entries(fields).filter(([, { initial }]) => initial !== undefined);
  const made = {
    [name]: class {
      constructor() {
        for (const [field, { initial }] of filled) (this as Record<string, unknown>)[field] = initial;
      }
    },
  }[name] as DtoClass;
  for (const [field, { decorate }] of Object.entries(fields)) decorate(made.prototype as object, field);
  return made;
}

/** So many values that fit, the fields of each taken in turn. */
export function valuesOf(fields: MadeFields, count: number): readonly Record<string, unknown>[] {
  return Array.from({ length: count }, (_, turn) => {
    const entries = Object.entries(fields).map(([name, { values }]) => [name, values[turn % values.length]] as const);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  });
}

export function field(values: readonly unknown[], ...decorators: readonly PropertyDecorator[]): MadeField {
  return {
    values,
    decorate: (prototype, name) => {
      for (const decorator of decorators) decorator(prototype, name);
    },
  };
}

export const text = (...values: readonly string[]): MadeField => field(values, IsString());
export const integer = (...values: readonly number[]): MadeField => field(values, IsInt());
export const decimal = (...values: readonly number[]): MadeField => field(values, IsNumber());
export const flag = (): MadeField => field([true, false], IsBoolean());
export const anything = (...values: readonly unknown[]): MadeField => field(values, Allow());
export const choice = (...values: readonly (string | number | null)[]): MadeField => field(values, IsIn([...values]));
export const date = (...values: readonly Date[]): MadeField =>
  field(
    values,
    IsDate(),
    Type(() => Date),
  );
export const list = (of: PropertyDecorator, ...values: readonly unknown[]): MadeField => field(values, IsArray(), of);

/** It may be left out, and may be null. */
export function optional(one: MadeField): MadeField {
  return {
    values: [one.values[0], undefined, null],
    decorate: (prototype, name) => {
      IsOptional()(prototype, name);
      one.decorate(prototype, name);
    },
  };
}

/** It may be left out, because the class has a value for it. */
export function withDefault(one: MadeField, initial: unknown): MadeField {
  return { ...one, values: [one.values[0], undefined, ...one.values.slice(1)], initial };
}

export function nested(fields: MadeFields): MadeField {
  return {
    values: valuesOf(fields, 3),
    decorate: (prototype, name) => {
      const inner = classOf('Inner', fields);
      ValidateNested()(prototype, name);
      Type(() => inner)(prototype, name);
    },
  };
}

export function nestedList(fields: MadeFields): MadeField {
  const [first, second, third] = valuesOf(fields, 3);
  return {
    values: [[first, second], [], [third]],
    decorate: (prototype, name) => {
      const inner = classOf('Item', fields);
      IsArray()(prototype, name);
      ValidateNested({ each: true })(prototype, name);
      Type(() => inner)(prototype, name);
    },
  };
}

/** An object whose keys are data. */
export function dictionary(fields: MadeFields): MadeField {
  const [first, second] = valuesOf(fields, 2);
  return {
    values: [{ one: first, constructor: second }, {}],
    decorate: (prototype, name) => {
      const inner = classOf('Entry', fields);
      Reflect.defineMetadata('design:type', Map, prototype, name);
      ValidateNested({ each: true })(prototype, name);
      Type(() => inner)(prototype, name);
    },
  };
}

/** An object of one of some classes, told by its `kind`. */
export function union(choices: Readonly<Record<string, MadeFields>>): MadeField {
  const names = Object.keys(choices);
  const values = names.map((kind) => ({ kind, ...valuesOf(choices[kind] as MadeFields, 1)[0] }));
  return {
    values,
    decorate: (prototype, name) => {
      const subTypes = Object.entries(choices).map(([kind, fields]) => ({
        name: kind,
        value: classOf(kind, { kind: text(kind), ...fields }) as new () => object,
      }));
      const options = { discriminator: { property: 'kind', subTypes }, keepDiscriminatorProperty: true };
      ValidateNested()(prototype, name);
      Type(() => Object, options)(prototype, name);
    },
  };
}

/** An object of a class that nests itself. */
export function tree(fields: MadeFields): MadeField {
  const [first, second, third] = valuesOf(fields, 3);
  return {
    values: [
      { ...first, children: [{ ...second, children: [] }, third] },
      second,
      { ...third, children: [{ ...first, children: [{ ...second, children: [first] }] }] },
    ],
    decorate: (prototype, name) => {
      const node = classOf('Node', fields);
      IsOptional()(node.prototype as object, 'children');
      for (const [owner, key, each] of [
        [node.prototype as object, 'children', true],
        [prototype, name, false],
      ] as const) {
        ValidateNested({ each })(owner, key);
        Type(() => node)(owner, key);
      }
    },
  };
}
