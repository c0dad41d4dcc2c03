import type { Nested } from './nested.js';
import type { Rule, Test } from './rule.js';
import { isImplied } from './rules/rule-table.js';
import { type FieldReading, isOptional } from './schema-reader.js';

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
  readonly tests: readonly Test[];
  /** All of it. */
  readonly check: Test;
}

export function makeField(
  reading: FieldReading,
  rules: { readonly defined: readonly Rule[]; readonly custom: readonly Rule[] },
  nested: Nested | undefined,
): Field {
  const conditions = reading.conditions.map((condition) => condition.constraints[0] as Condition);
  const tests = testsOf([...rules.defined, ...rules.custom]);
  const whole = all(nested === undefined ? tests : [...tests, nested.holds]);
  const check = conditional(reading, conditions, whole);
  return { reading, name: reading.name, conditions, ...rules, nested, tests, check };
}

/** The tests that a check must ask: not those that others imply. */
function testsOf(rules: readonly Rule[]): readonly Test[] {
  const plain = rules.filter((rule) => rule.predicate !== undefined && rule.metadata.validateIf === undefined);
  const needed = rules.filter((rule) => {
    if (!plain.includes(rule)) return true;
    const others = plain
      .filter((other) => Boolean(other.metadata.each) === Boolean(rule.metadata.each))
      .map((other) => other.name);
    return !isImplied(rule.name, others);
  });
  return needed.map((rule) => rule.test);
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
