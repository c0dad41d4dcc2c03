import { type Evidence, meet, oneOf } from './evidence.js';
import type { Rule } from './rule.js';
import { impliesString } from './rules/rule-table.js';

/** What some rules, all of which must hold, say about the value that they judge. */
export function evidenceOf(rules: readonly Rule[]): Evidence | undefined {
  return rules.map(ruleEvidence).reduce<Evidence | undefined>(meet, undefined);
}

/** Whether some rules, all of which must hold, pass nothing but scalars, dates, bytes and arrays of these. */
export function scalarsOnly(rules: readonly Rule[]): boolean {
  const about = (each: boolean) => evidenceOf(rules.filter((rule) => Boolean(rule.metadata.each) === each))?.kind;
  return scalars.has(about(false)) || scalars.has(about(true));
}

const scalars: ReadonlySet<string | undefined> = new Set([
  'string',
  'boolean',
  'integer',
  'number',
  'date',
  'bytes',
  'enum',
]);

/** Rules of users say nothing, and neither do those that pass values of several types. */
function ruleEvidence({ name, predicate, metadata }: Rule): Evidence | undefined {
  if (predicate === undefined) return undefined;
  const constraints: readonly unknown[] = metadata.constraints ?? [];
  if (impliesString(name)) return { kind: 'string' };
  const say = Object.hasOwn(rules, name) ? rules[name] : undefined;
  return typeof say === 'function' ? say(constraints) : say;
}

type Saying = Evidence | ((constraints: readonly unknown[]) => Evidence | undefined);

const number: Evidence = Object.freeze({ kind: 'number' });
const date: Evidence = Object.freeze({ kind: 'date' });
const list: Evidence = Object.freeze({ kind: 'list' });
const object: Evidence = Object.freeze({ kind: 'object' });

const rules: Readonly<Record<string, Saying>> = Object.freeze({
  isString: { kind: 'string' },
  isInt: { kind: 'integer' },
  isNumber: number,
  isDivisibleBy: number,
  isPositive: number,
  isNegative: number,
  min: number,
  max: number,
  isBoolean: { kind: 'boolean' },
  isDate: date,
  minDate: date,
  maxDate: date,
  isArray: list,
  arrayContains: list,
  arrayNotContains: list,
  arrayNotEmpty: list,
  arrayMinSize: list,
  arrayMaxSize: list,
  arrayUnique: list,
  isObject: object,
  isNotEmptyObject: object,
  // The first is the enum itself, in which a numeric one also has its names.
  isEnum: ([, values]) => (Array.isArray(values) ? oneOf(values) : undefined),
  isIn: ([values]) => (Array.isArray(values) ? choice(values) : undefined),
  equals: ([value]) => choice([value]),
  isInstance: ([type]) => instanceEvidence(type),
});

/** `null` among them is for the field to say, not for its type. */
function choice(values: readonly unknown[]): Evidence | undefined {
  const present = values.filter((value) => value !== null && value !== undefined);
  if (present.length > 0 && present.every((value) => typeof value === 'boolean')) return { kind: 'boolean' };
  return oneOf(present);
}

function instanceEvidence(type: unknown): Evidence {
  if (type === Date) return date;
  return type === Uint8Array || type === Buffer ? { kind: 'bytes' } : object;
}
