import type { DtoClass } from '@tenon/contract';
import type { FieldReading } from './class-reading.js';
import type { DtoType } from './dto-schema.js';
import { type Evidence, meet } from './evidence.js';
import type { Rule } from './rule.js';
import { evidenceOf } from './rule-evidence.js';
import { type FieldType, isDtoClass } from './type-reader.js';

/** All that may say of which type one field is. */
export interface FieldSources {
  readonly reading: FieldReading | undefined;
  /** What `@Type` says. */
  readonly typed: FieldType | undefined;
  /** What the compiler noted. */
  readonly noted: unknown;
  /** What the class gives the field. */
  readonly initial: unknown;
  /** Whether a class has decorators, so that one may know what it holds. */
  readonly isDescribed: (dto: DtoClass) => boolean;
}

/** The type that all sources agree on; `any` where they do not, or none says something. */
export function fieldType(sources: FieldSources): DtoType {
  const rules =
    sources.reading === undefined ? [] : [...sources.reading.rules.defined, ...sources.reading.rules.custom];
  const whole = evidenceOf(rules.filter((rule) => !rule.metadata.each));
  const items = evidenceOf(rules.filter((rule) => rule.metadata.each));
  const typed = typedEvidence(sources.typed);
  const noted = notedEvidence(sources.noted, sources.isDescribed);
  const each = rules.some(isEach) || (sources.reading?.nested.some((nested) => nested.each) ?? false);
  if (noted?.kind === 'dictionary') {
    const isMap = typed !== undefined && (whole === undefined || whole.kind === 'object');
    return isMap ? { kind: 'map', values: settled(meet(items, typed)) } : { kind: 'any' };
  }
  if (whole?.kind === 'list' || noted?.kind === 'list' || each) {
    const agree = [whole, noted].every((one) => one === undefined || one.kind === 'list');
    return agree ? { kind: 'array', items: settled(meet(items, typed)) } : { kind: 'any' };
  }
  // What `@Type` makes of the value is more exact than the class that a declaration names: one of its subclasses, a union.
  const declared = noted?.kind === 'record' && isNesting(typed) ? undefined : noted;
  const known = meet(meet(whole, typed), declared);
  return known === undefined ? initialType(sources.initial) : settled(known);
}

function isEach(rule: Rule): boolean {
  return Boolean(rule.metadata.each);
}

function isNesting(evidence: Evidence | undefined): boolean {
  return evidence?.kind === 'record' || evidence?.kind === 'union';
}

function settled(evidence: Evidence | undefined): DtoType {
  switch (evidence?.kind) {
    case undefined:
    case 'object':
    case 'list':
    case 'dictionary':
      return { kind: 'any' };
    default:
      return evidence as DtoType;
  }
}

function typedEvidence(typed: FieldType | undefined): Evidence | undefined {
  if (typed === undefined) return undefined;
  if (typed.discriminator !== undefined) return { kind: 'union', ...typed.discriminator };
  // The class is chosen per value, by something else than a property.
  if (typed.classes === undefined || typed.classes.length > 1) return { kind: 'any' };
  const [dto] = typed.classes;
  return dto === undefined ? scalars.get(typed.type) : { kind: 'record', dto };
}

function notedEvidence(noted: unknown, isDescribed: (dto: DtoClass) => boolean): Evidence | undefined {
  if (noted === Array || noted === Set) return { kind: 'list' };
  if (noted === Map) return { kind: 'dictionary' };
  if (isDtoClass(noted)) return isDescribed(noted) ? { kind: 'record', dto: noted } : undefined;
  return scalars.get(noted);
}

const scalars: ReadonlyMap<unknown, Evidence> = new Map<unknown, Evidence>([
  [String, { kind: 'string' }],
  [Number, { kind: 'number' }],
  [Boolean, { kind: 'boolean' }],
  [BigInt, { kind: 'bigint' }],
  [Date, { kind: 'date' }],
  [Uint8Array, { kind: 'bytes' }],
  [Buffer, { kind: 'bytes' }],
]);

/** Of a field without any decorator all that is known is what it starts with. */
function initialType(initial: unknown): DtoType {
  switch (typeof initial) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'bigint':
      return { kind: typeof initial as 'string' | 'number' | 'boolean' | 'bigint' };
    default:
  }
  if (Array.isArray(initial)) return { kind: 'array', items: { kind: 'any' } };
  if (initial instanceof Date) return { kind: 'date' };
  return { kind: initial instanceof Uint8Array ? 'bytes' : 'any' };
}
