import type { Predicate, RuleFamily } from './predicate.js';

/** What a value is: string, number, boolean, date, array, object, member of an enum. */
export const typeRules: RuleFamily = Object.freeze({
  isString: () => (value) => typeof value === 'string' || value instanceof String,
  isInt: () => (value) => Number.isInteger(value),
  isBoolean: () => (value) => typeof value === 'boolean' || value instanceof Boolean,
  isDate: () => (value) => value instanceof Date && !Number.isNaN(value.getTime()),
  isArray: () => (value) => Array.isArray(value),
  isObject: () => (value) =>
    value !== null && (typeof value === 'object' || typeof value === 'function') && !Array.isArray(value),
  isNumber: ([options]) => numberPredicate((options ?? {}) as NumberOptions),
  isEnum: ([entity]) => enumPredicate(entity),
});

interface NumberOptions {
  readonly allowNaN?: boolean;
  readonly allowInfinity?: boolean;
  readonly maxDecimalPlaces?: number;
}

function numberPredicate(options: NumberOptions): Predicate | undefined {
  // Decimal places are counted in the number's text: rare, and left to class-validator's own function.
  if (options.maxDecimalPlaces !== undefined) return undefined;
  const { allowNaN = false, allowInfinity = false } = options;
  if (!allowNaN && !allowInfinity) return (value) => Number.isFinite(value);
  return (value) => {
    if (typeof value !== 'number') return false;
    if (Number.isNaN(value)) return allowNaN;
    return allowInfinity || Number.isFinite(value);
  };
}

function enumPredicate(entity: unknown): Predicate | undefined {
  if (typeof entity !== 'object' || entity === null) return undefined;
  // A numeric enum of TypeScript also maps numbers to names, so its names pass too: as class-validator has it.
  const members: readonly unknown[] = Object.values(entity);
  if (members.length > 8) {
    const set = new Set(members);
    return (value) => set.has(value);
  }
  return (value) => {
    // A few comparisons cost less than a hash.
    for (let index = 0; index < members.length; index += 1) {
      if (members[index] === value) return true;
    }
    return Number.isNaN(value) && members.includes(value);
  };
}
