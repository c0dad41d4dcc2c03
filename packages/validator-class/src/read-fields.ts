import { isDataField, isOptional, type Test } from '@tenon/schema';
import type { Shape } from './build-instance.js';
import type { Convert } from './convert.js';
import type { Field } from './field-check.js';

/**
 * Builds and checks in one pass, for values that are as they should be. Answers `undefined` for any other, broken or only
 * unusual: what is said then is for the build and the error tree, which are exact and take their time.
 */
export type Read = (input: object) => object | undefined;

/** What compiling a {@link Read} takes. */
export interface ReadPlan extends Shape {
  readonly sample: object;
  readonly fields: readonly Field[];
  /** The class that a field nests, where it is one and always the same. Need not be whole yet. */
  readonly nestedIn: (field: string) => { readonly read: Read } | undefined;
}

/** A field whose rules wait until the object is whole: conditions, users' rules, fields behind an accessor. */
export interface LateField {
  readonly name: string;
  readonly check: Test;
}

/** One field as a reader takes it. */
export interface ReadField {
  readonly name: string;
  readonly fromScalar: Convert | undefined;
  /** `undefined` where what is nested is not as it should be. */
  readonly fromObject: Convert;
  /** Whether nothing but objects pass, because the field nests a class. */
  readonly objectsOnly: boolean;
  /** Whether `null` passes whatever the tests say. */
  readonly optional: boolean;
  /** The rules that can be judged before the object is whole. */
  readonly tests: readonly Test[];
  /** All rules, for a field that did not come. */
  readonly check: Test;
  /** Whether it is one of the {@link lateFields}. */
  readonly late: boolean;
}

/** The fields that are set, in the order of the class. */
export function readFields(plan: ReadPlan): readonly ReadField[] {
  const byName = new Map(plan.fields.map((field) => [field.name, field]));
  return [...plan.conversions].map(([name, conversion]): ReadField => {
    const field = byName.get(name);
    const free = {
      name,
      ...conversion,
      objectsOnly: false,
      optional: false,
      tests: [],
      check: () => true,
      late: false,
    };
    if (field === undefined) return free;
    const nested = field.nested === undefined ? undefined : plan.nestedIn(name);
    if (waits(plan, field)) return { ...free, late: true };
    const judged = { ...free, optional: field.conditions.length > 0, tests: field.tests, check: field.check };
    return nested === undefined
      ? judged
      : { ...judged, fromScalar: undefined, fromObject: readNested(nested), objectsOnly: true };
  });
}

/** The fields that are judged last; those that cannot be set, because they only have a getter, are among them. */
export function lateFields(plan: ReadPlan): readonly LateField[] {
  return plan.fields.filter((field) => !plan.conversions.has(field.name) || waits(plan, field));
}

function waits(plan: ReadPlan, field: Field): boolean {
  const uncertain = field.nested !== undefined && plan.nestedIn(field.name) === undefined;
  return uncertain || !isPure(field) || !isDataField(plan.sample, field.name);
}

/** Whether a field's rules look at nothing but its value. */
function isPure({ reading, defined, custom }: Field): boolean {
  const known = [...defined, ...custom].every(
    (rule) => rule.predicate !== undefined && rule.metadata.validateIf === undefined,
  );
  return known && reading.conditions.every(isOptional);
}

/** Reads one nested object or an array of them. */
function readNested(nested: { readonly read: Read }): Convert {
  return (value) => {
    if (!Array.isArray(value)) return nested.read(value as object);
    const instances: object[] = [];
    for (let index = 0; index < value.length; index += 1) {
      const item: unknown = value[index];
      const instance = typeof item === 'object' && item !== null ? nested.read(item) : undefined;
      if (instance === undefined) return undefined;
      instances.push(instance);
    }
    return instances;
  };
}
