import type { RuleFamily } from './predicate.js';

/** Size and content of arrays. */
export const arrayRules: RuleFamily = Object.freeze({
  arrayNotEmpty: () => (value) => Array.isArray(value) && value.length > 0,
  arrayMinSize: ([least]) =>
    typeof least === 'number' ? (value) => Array.isArray(value) && value.length >= least : undefined,
  arrayMaxSize: ([most]) =>
    typeof most === 'number' ? (value) => Array.isArray(value) && value.length <= most : undefined,
  arrayUnique: () => (value) => Array.isArray(value) && allDiffer(value),
  arrayContains: ([wanted]) =>
    Array.isArray(wanted)
      ? (value) => Array.isArray(value) && wanted.every((item) => value.indexOf(item) !== -1)
      : undefined,
  arrayNotContains: ([unwanted]) =>
    Array.isArray(unwanted)
      ? (value) => Array.isArray(value) && unwanted.every((item) => value.indexOf(item) === -1)
      : undefined,
});

/**
 * By a set, where class-validator compares each with each: a body of a million numbers must not cost 10^12 steps. Like
 * there `NaN`, which equals nothing, counts as a repetition. `ArrayUnique` with an identifier hides it from its metadata;
 * the probe finds out, and class-validator runs that one.
 */
function allDiffer(items: readonly unknown[]): boolean {
  const seen = new Set<unknown>();
  for (const item of items) {
    if (Number.isNaN(item)) return false;
    seen.add(item);
  }
  return seen.size === items.length;
}
