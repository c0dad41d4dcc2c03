import type { RuleFamily } from './predicate.js';

/** Whether a value is there, and whether it is one of some values. */
export const presenceRules: RuleFamily = Object.freeze({
  isDefined: () => (value) => value !== undefined && value !== null,
  isEmpty: () => (value) => value === '' || value === null || value === undefined,
  isNotEmpty: () => (value) => value !== '' && value !== null && value !== undefined,
  equals:
    ([wanted]) =>
    (value) =>
      value === wanted,
  notEquals:
    ([unwanted]) =>
    (value) =>
      value !== unwanted,
  // The list is read at each call, as class-validator does: an application may add to it after start.
  isIn: ([wanted]) => (Array.isArray(wanted) ? (value) => holds(wanted, value) : undefined),
  isNotIn: ([unwanted]) => (Array.isArray(unwanted) ? (value) => !holds(unwanted, value) : undefined),
});

/** By `===`, so that `NaN` is in no list. */
function holds(list: readonly unknown[], value: unknown): boolean {
  return list.indexOf(value) !== -1;
}
