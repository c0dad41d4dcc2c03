import type { ClassReading, FieldReading } from './class-reading.js';
import { designType } from './design-type.js';
import type { DtoField, DtoRule, DtoType } from './dto-schema.js';
import { type FieldSources, fieldType } from './field-type.js';
import { isAssignable, ownFields } from './instance-property.js';
import { isJsonScalar } from './json-schema-keywords.js';
import type { Rule } from './rule.js';

/** The fields of a class that a caller may send: those with rules, with a type, and those that an instance has by itself. */
export function fieldsOf(reading: ClassReading, isDescribed: FieldSources['isDescribed']): readonly DtoField[] {
  const { fields, types, sample } = reading;
  const byName = new Map(fields.map((field) => [field.name, field]));
  const names = new Set([
    ...byName.keys(),
    ...types.types.keys(),
    ...types.transformed,
    ...types.renamed.keys(),
    ...ownFields(sample),
  ]);
  const described = [...names]
    .filter((name) => isAssignable(sample, name))
    .map((name) => describe(reading, name, byName.get(name), isDescribed));
  return Object.freeze(
    described.map((field) => (isAlone(field, described) ? field : ambiguous(field.name))).filter(isFirst),
  );
}

/** Whether no other field comes under the name of this one. */
function isAlone({ name }: DtoField, fields: readonly DtoField[]): boolean {
  return fields.filter((field) => field.name === name).length === 1;
}

/** Two fields that come under one name: which of them is meant is class-transformer's affair. */
function ambiguous(name: string): DtoField {
  return Object.freeze({
    name,
    type: Object.freeze({ kind: 'any' }),
    rules: Object.freeze([]),
    optional: true,
    nullable: true,
  });
}

function isFirst({ name }: DtoField, index: number, fields: readonly DtoField[]): boolean {
  return fields.findIndex((field) => field.name === name) === index;
}

/** The default that the class gives a field, if it is plain and the same in each instance. */
export function stableDefault({ dto, sample }: ClassReading, field: string): DtoField['default'] {
  const value = (sample as Record<string, unknown>)[field];
  if (value === undefined || !isJsonScalar(value)) return undefined;
  const again = new (dto as new () => Record<string, unknown>)()[field];
  return again === value ? value : undefined;
}

/** Whether some rule that always applies refuses a value, so that no field with them can hold it. */
export function isRefused({ rules, conditions }: FieldReading, value: null | undefined): boolean {
  if (conditions.length > 0) return false;
  return [...rules.defined, ...rules.custom].some(
    (rule) => rule.metadata.validateIf === undefined && rule.predicate?.(value) === false,
  );
}

function describe(
  reading: ClassReading,
  name: string,
  field: FieldReading | undefined,
  isDescribed: FieldSources['isDescribed'],
): DtoField {
  const { dto, types, sample } = reading;
  const initial = (sample as Record<string, unknown>)[name];
  const rules = Object.freeze([...(field?.rules.defined ?? []), ...(field?.rules.custom ?? [])].map(ruleOf));
  const sent = types.renamed.get(name) ?? name;
  // What a `@Transform` takes is its own affair.
  if (types.transformed.has(name)) {
    return Object.freeze({ name: sent, type: Object.freeze({ kind: 'any' }), rules, optional: true, nullable: true });
  }
  const noted = designType(dto, name);
  const type = fieldType({ reading: field, typed: types.types.get(name), noted, initial, isDescribed });
  const fallback = stableDefault(reading, name);
  return Object.freeze({
    name: sent,
    type: frozen(type),
    rules,
    optional: field === undefined || initial !== undefined || !isRefused(field, undefined),
    nullable: field === undefined || initial === null || !refusesNull(field),
    ...(fallback === undefined ? {} : { default: fallback }),
  });
}

/** Nesting passes what is absent and refuses `null`. */
function refusesNull(field: FieldReading): boolean {
  return isRefused(field, null) || (field.nested.length > 0 && field.conditions.length === 0);
}

function ruleOf({ name, metadata, predicate }: Rule): DtoRule {
  const constraints: readonly unknown[] = metadata.constraints ?? [];
  return Object.freeze({ name, constraints, each: Boolean(metadata.each), known: predicate !== undefined });
}

function frozen(type: DtoType): DtoType {
  if (type.kind === 'array') frozen(type.items);
  if (type.kind === 'map') frozen(type.values);
  if (type.kind === 'enum') Object.freeze(type.values);
  if (type.kind === 'union') for (const choice of Object.freeze(type.choices)) Object.freeze(choice);
  return Object.freeze(type);
}
