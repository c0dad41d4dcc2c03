import type { Predicate, RuleFamily } from './predicate.js';

/** Bounds of dates. A bound may be a function, which is asked at each call ("not before now"). */
export const dateRules: RuleFamily = Object.freeze({
  minDate: ([bound]) => againstBound(bound, (time, limit) => time >= limit),
  maxDate: ([bound]) => againstBound(bound, (time, limit) => time <= limit),
});

function againstBound(bound: unknown, fits: (time: number, limit: number) => boolean): Predicate | undefined {
  if (bound instanceof Date) return (value) => value instanceof Date && fits(value.getTime(), bound.getTime());
  if (typeof bound !== 'function') return undefined;
  return (value) => value instanceof Date && fits(value.getTime(), (bound() as Date).getTime());
}
