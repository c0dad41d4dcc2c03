import type { RuleFamily } from './predicate.js';

/** Bounds and sign of numbers. Divisibility parses text in validator.js and stays with class-validator's function. */
export const numberRules: RuleFamily = Object.freeze({
  min: ([least]) => (typeof least === 'number' ? (value) => typeof value === 'number' && value >= least : undefined),
  max: ([most]) => (typeof most === 'number' ? (value) => typeof value === 'number' && value <= most : undefined),
  isPositive: () => (value) => typeof value === 'number' && value > 0,
  isNegative: () => (value) => typeof value === 'number' && value < 0,
});
