import { isEmail, isUUID, length } from 'class-validator';
import { byLibrary } from './library-rules.js';
import type { Predicate, RuleFamily } from './predicate.js';

/**
 * Rules on strings that are worth code of their own. Each accepts or refuses the plain cases itself and hands the rest
 * to class-validator's function (validator.js behind it), so that nothing is decided twice in two ways.
 */
export const stringRules: RuleFamily = Object.freeze({
  isLength: ([least, most]) => lengthPredicate(least, most),
  minLength: ([least]) => lengthPredicate(least, undefined),
  maxLength: ([most]) => lengthPredicate(0, most),
  contains: ([seed]) =>
    typeof seed === 'string' ? (value) => typeof value === 'string' && value.includes(seed) : undefined,
  notContains: ([seed]) =>
    typeof seed === 'string' ? (value) => typeof value === 'string' && !value.includes(seed) : undefined,
  matches: ([pattern, modifiers]) => matchPredicate(pattern, modifiers),
  isEmail: ([options]) =>
    options === undefined || options === null ? emailPredicate(byLibrary(isEmail)([])) : undefined,
  isUuid: ([version]) => uuidPredicate(version),
});

/**
 * Lengths count a surrogate pair, and a character with its variation selector, as one. Most strings have neither: those
 * are settled by `length`. Such a pair takes two units and with a selector three, so a third of the length is a lower
 * bound for the rest, and only what falls between the bounds is counted in full.
 */
function lengthPredicate(least: unknown, most: unknown): Predicate | undefined {
  if (typeof least !== 'number' || (most !== undefined && typeof most !== 'number')) return undefined;
  const limit = most ?? Number.POSITIVE_INFINITY;
  return (value) => {
    if (typeof value !== 'string') return false;
    const units = value.length;
    if (units < least) return false;
    if (units <= limit && units >= 3 * least) return true;
    if (units > 3 * limit) return false;
    return isPlain(value) ? units <= limit : length(value, least, most);
  };
}

/** Whether no unit is a surrogate, a variation selector or anything above them. */
function isPlain(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) >= 0xd800) return false;
  }
  return true;
}

function matchPredicate(pattern: unknown, modifiers: unknown): Predicate | undefined {
  const compiled = compiledPattern(pattern, modifiers);
  // A global or sticky pattern keeps its place from one test to the next; class-validator's `match` starts anew.
  if (compiled === undefined || compiled.global || compiled.sticky) return undefined;
  return (value) => typeof value === 'string' && compiled.test(value);
}

function compiledPattern(pattern: unknown, modifiers: unknown): RegExp | undefined {
  if (pattern instanceof RegExp) return pattern;
  if (typeof pattern !== 'string' || (modifiers !== undefined && typeof modifiers !== 'string')) return undefined;
  try {
    return new RegExp(pattern, modifiers);
  } catch {
    return undefined; // Not a pattern: class-validator throws at each call, and so it shall.
  }
}

/** Dot-separated atoms, then labels of letters, digits and inner hyphens, then letters: a subset of what isEmail accepts. */
const plainEmail =
  /^[\w!#$%&'*+\-/=?^`{|}~]+(?:\.[\w!#$%&'*+\-/=?^`{|}~]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$/;

function emailPredicate(rest: Predicate): Predicate {
  return (value) => {
    if (typeof value !== 'string') return false;
    if (value.length <= 254 && value.lastIndexOf('@') <= 64 && plainEmail.test(value)) return true;
    return rest(value);
  };
}

const plainUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

function uuidPredicate(version: unknown): Predicate | undefined {
  if (version !== undefined && version !== null && version !== 'all') return undefined;
  return (value) => typeof value === 'string' && (plainUuid.test(value) || isUUID(value));
}
