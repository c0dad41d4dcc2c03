import { arrayRules } from './array-rules.js';
import { dateRules } from './date-rules.js';
import { libraryRules } from './library-rules.js';
import { numberRules } from './number-rules.js';
import { objectRules } from './object-rules.js';
import type { Predicate, RuleFamily } from './predicate.js';
import { presenceRules } from './presence-rules.js';
import { stringRules } from './string-rules.js';
import { typeRules } from './type-rules.js';

const ownRules: RuleFamily = Object.freeze({
  ...typeRules,
  ...presenceRules,
  ...numberRules,
  ...stringRules,
  ...arrayRules,
  ...dateRules,
  ...objectRules,
});

/** The predicates that may stand for a rule of that name with these constraints, the fastest first. */
export function candidates(name: string, constraints: readonly unknown[]): readonly Predicate[] {
  return [ownRules, libraryRules].flatMap((family) => {
    const factory = Object.hasOwn(family, name) ? family[name] : undefined;
    return factory?.(constraints) ?? [];
  });
}

/** Every rule that has a predicate, by class-validator's name. */
export const compiledRuleNames: readonly string[] = Object.freeze([
  ...new Set([...Object.keys(ownRules), ...Object.keys(libraryRules)]),
]);

/**
 * Whether a rule holds wherever one of the others does, so that checking need not ask it: a text of some length is a
 * string. The error tree still asks each.
 */
export function isImplied(rule: string, others: readonly string[]): boolean {
  return others.some((other) => implications[rule]?.has(other));
}

/** Whether a rule passes nothing but texts, `isString` itself aside. */
export function impliesString(rule: string): boolean {
  return implications['isString']?.has(rule) ?? false;
}

const aboutMore = new Set(['isNumber', 'isNotEmptyObject', 'isDivisibleBy', 'isLatitude', 'isLongitude']);

const implications: Readonly<Record<string, ReadonlySet<string>>> = Object.freeze({
  isString: new Set([...Object.keys(stringRules), ...Object.keys(libraryRules).filter((name) => !aboutMore.has(name))]),
  isArray: new Set(Object.keys(arrayRules)),
  isNumber: new Set(['isInt']),
});
