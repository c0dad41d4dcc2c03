import { type FieldReading, isImplied, isOptional, type Rule, type Test } from '@tenon/schema';
import type { Nested } from './nested.js';

/** A field's conditions, as users wrote them: all of them are asked, as class-validator asks them. */
export type Condition = (object: unknown, value: unknown) => unknown;

/** One field with its rules compiled: what the check and the error tree are made from. */
export interface Field {
  readonly reading: FieldReading;
  readonly name: string;
  readonly conditions: readonly Condition[];
  readonly defined: readonly Rule[];
  readonly custom: readonly Rule[];
  readonly nested: Nested | undefined;
  /** Its rules without conditions and without what it nests, but those that others imply. */
  readonly judged: readonly Rule[];
  /** The same, as what a check asks. */
  readonly tests: readonly Test[];
  /** All of it. */
  readonly check: Test;
}

export function makeField(reading: FieldReading, nested: Nested | undefined): Field {
  const { rules } = reading;
  const conditions = reading.conditions.map((condition) => condition.constraints[0] as Condition);
  const judged = neededOf([...rules.defined, ...rules.custom]);
  const tests = judged.map((rule) => rule.test);
  const whole = all(nested === undefined ? tests : [...tests, nested.holds]);
  const check = conditional(reading, conditions, whole);
  return { reading, name: reading.name, conditions, ...rules, nested, judged, tests, check };
}

/** The rules that a check must ask: not those that others imply. */
function neededOf(rules: readonly Rule[]): readonly Rule[] {
  const plain = rules.filter((rule) => rule.predicate !== undefined && rule.metadata.validateIf === undefined);
  return rules.filter((rule) => {
    if (!plain.includes(rule)) return true;
    const others = plain
      .filter((other) => Boolean(other.metadata.each) === Boolean(rule.metadata.each))
      .map((other) => other.name);
    return !isImplied(rule.name, others);
  });
}

/** Whether the rules of a field apply to this object. */
export function applies(conditions: readonly Condition[], object: object, value: unknown): boolean {
  let holds = true;
  for (const condition of conditions) {
    if (!condition(object, value)) holds = false;
  }
  return holds;
}

function conditional(reading: FieldReading, conditions: readonly Condition[], check: Test): Test {
  if (conditions.length === 0) return check;
  if (reading.conditions.every(isOptional)) {
    return (value, object) => value === undefined || value === null || check(value, object);
  }
  return (value, object) => !applies(conditions, object, value) || check(value, object);
}

/** All of some tests, with no loop for the usual one, two or three. */
export function all(tests: readonly Test[]): Test {
  const [first, second, third, ...rest] = tests;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (third === undefined) return (value, object) => first(value, object) && second(value, object);
  const three: Test = (value, object) => first(value, object) && second(value, object) && third(value, object);
  if (rest.length === 0) return three;
  const others = all(rest);
  return (value, object) => three(value, object) && others(value, object);
}
