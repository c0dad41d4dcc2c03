import type { RuleFamily } from './predicate.js';

/** What kind of object a value is. */
export const objectRules: RuleFamily = Object.freeze({
  isInstance: ([target]) => (typeof target === 'function' ? (value) => value instanceof target : undefined),
});
