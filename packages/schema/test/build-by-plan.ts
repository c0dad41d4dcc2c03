import type { BuildField, BuildPlan } from '@tenon/contract';

type PlainRecord = Record<string, unknown>;

/** What no plan makes an instance of. */
export const refused: unique symbol = Symbol('refused');
/** What is for the validator: the plan does not know what it means. */
export const handedBack: unique symbol = Symbol('handed back');

/** Builds an instance from plain data by a plan, as a codec does while it reads. */
export function buildByPlan(plan: BuildPlan, value: object): object | typeof refused | typeof handedBack {
  const input = value as PlainRecord;
  const known = new Set(plan.fields.map(({ name }) => name));
  const unknown = Object.keys(input).filter((key) => input[key] !== undefined && !known.has(key));
  if (unknown.length > 0 && !plan.dropsUnknown) return handedBack;
  const instance = new (plan.dto as new () => PlainRecord)();
  for (const field of plan.fields) {
    const came = Object.hasOwn(input, field.name) ? input[field.name] : undefined;
    if (came === undefined) {
      if (!field.absent(instance[field.name], instance)) return refused;
      continue;
    }
    const made = make(field, came);
    if (made === refused || made === handedBack) return made;
    const passes = made === null && field.optional;
    if (!passes && !field.tests.every(({ holds }) => holds(made, instance))) return refused;
    instance[field.name] = made;
  }
  return instance;
}

function make(field: BuildField, value: unknown): unknown {
  if (field.nested === undefined) return field.convert === undefined ? value : field.convert(value);
  if (value === null && field.optional) return null;
  return nest(field.nested() as BuildPlan, value);
}

function nest(plan: BuildPlan, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => nest(plan, item));
    return items.find((item) => item === refused || item === handedBack) ?? items;
  }
  if (typeof value !== 'object' || value === null) return refused;
  return isPlain(value) ? buildByPlan(plan, value) : handedBack;
}

function isPlain(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null;
}
