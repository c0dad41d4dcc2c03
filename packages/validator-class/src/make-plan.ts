import type { BuildField, BuildPlan, BuildTest } from '@tenon/contract';
import { isDataField, ownFields, type Rule, scalarsOnly } from '@tenon/schema';
import type { Conversion, Convert } from './convert.js';
import type { Field } from './field-check.js';
import { copyUntyped } from './plain-data.js';
import { lateFields, type ReadPlan } from './read-fields.js';

/** What a plan is made from; nested classes bring their own. */
export interface PlanSource extends ReadPlan {
  readonly nestedIn: (
    field: string,
  ) => (ReturnType<ReadPlan['nestedIn']> & { readonly plan: BuildPlan | undefined }) | undefined;
}

/**
 * How a codec may build and check instances of one class field by field, as far as this class is concerned: those that it
 * nests must have plans too. `undefined` where some rule waits for the whole instance, or an accessor stands in the way.
 */
export function makePlan(source: PlanSource): BuildPlan | undefined {
  const { dto, sample, conversions, unknownFields } = source;
  if (lateFields(source).length > 0) return undefined;
  if (![...conversions.keys()].every((name) => isDataField(sample, name))) return undefined;
  const byName = new Map(source.fields.map((field) => [field.name, field]));
  const fields = [...conversions].map(([name, conversion]) => planField(source, name, conversion, byName.get(name)));
  const others = unknownFields === 'keep' ? ownFields(sample).filter((name) => !conversions.has(name)) : [];
  const free = others.map((name) => freeField(name, { fromScalar: undefined, fromObject: copyUntyped }));
  return Object.freeze({
    dto,
    dropsUnknown: unknownFields === 'strip',
    fields: Object.freeze([...fields, ...free]),
  });
}

function planField(source: PlanSource, name: string, conversion: Conversion, field: Field | undefined): BuildField {
  if (field === undefined) return freeField(name, conversion);
  const nested = field.nested === undefined ? undefined : source.nestedIn(name);
  const making =
    nested === undefined ? { convert: convertOf(conversion, field.judged) } : { nested: () => nested.plan };
  return Object.freeze({
    name,
    ...making,
    optional: field.conditions.length > 0,
    tests: Object.freeze(field.judged.map(planTest)),
    absent: field.check,
  });
}

/** A field that no rule is about. */
function freeField(name: string, conversion: Conversion): BuildField {
  return Object.freeze({
    name,
    convert: convertOf(conversion, []),
    optional: true,
    tests: Object.freeze([]),
    absent: () => true,
  });
}

/** A rule about each item is none about the value: it has no name here. */
function planTest({ name, metadata, predicate, test }: Rule): BuildTest {
  const known = predicate !== undefined && !metadata.each;
  return Object.freeze({ ...(known ? { rule: name } : {}), holds: test });
}

/** What decoders make is nobody's: where nothing but scalars pass, or arrays of them, there is nothing to copy. */
function convertOf({ fromScalar, fromObject }: Conversion, rules: readonly Rule[]): Convert | undefined {
  if (fromScalar === undefined && scalarsOnly(rules)) return undefined;
  return (value) => {
    if (typeof value === 'object' && value !== null) return fromObject(value);
    return fromScalar === undefined ? value : fromScalar(value);
  };
}
