import { type Constraint, constraintsOf, type RuleMetadata } from './rule-metadata.js';
import type { Predicate } from './rules/predicate.js';
import { agrees, isThenable } from './rules/probe.js';
import { candidates } from './rules/rule-table.js';

/** Judges a field's value. Throws {@link pending} where a rule answers with a promise, and what a user's rule throws. */
export type Test = (value: unknown, object: object) => boolean;

/** One rule of one field, compiled. */
export interface Rule {
  /** As it stands in the error's `constraints`. */
  readonly name: string;
  readonly metadata: RuleMetadata;
  readonly constraint: Constraint;
  /** Whether the whole rule holds for the field's value: `each` and `validateIf` are in it. */
  readonly test: Test;
  /** The own predicate for one value, or `undefined` where class-validator runs the rule. */
  readonly predicate: Predicate | undefined;
}

/** Thrown by a rule that turns out to be asynchronous only when it is run. Caught by whoever started the check. */
export const pending: unique symbol = Symbol('a rule answered with a promise');

/** Compiles what stands behind one decorator; `@Validate` classes may carry more than one constraint, or none. */
export function compileRules(metadata: RuleMetadata): readonly Rule[] {
  return constraintsOf(metadata).map((constraint) => {
    const predicate = knownPredicate(metadata, constraint);
    const applied =
      predicate === undefined ? runByClassValidator(metadata, constraint) : applyPredicate(metadata, predicate);
    return {
      name: constraint.name || metadata.type,
      metadata,
      constraint,
      predicate,
      test: metadata.validateIf === undefined ? applied : guarded(metadata.validateIf, applied),
    };
  });
}

/** The arguments that class-validator hands to rules and message functions. */
export function argumentsOf(metadata: RuleMetadata, value: unknown, object: object) {
  const targetName = (object.constructor as { readonly name: string } | undefined)?.name as string;
  return { targetName, property: metadata.propertyName, object, value, constraints: metadata.constraints };
}

/** A predicate of that name which judges like the rule itself wherever it was probed. */
function knownPredicate(metadata: RuleMetadata, constraint: Constraint): Predicate | undefined {
  const constraints: readonly unknown[] = metadata.constraints ?? [];
  const own = constraint.name ? candidates(constraint.name, constraints) : [];
  if (own.length === 0) return undefined;
  // Fetched once for all probes: class-validator's container looks through the constraints of all classes each time.
  const { instance } = constraint;
  const rule = (value: unknown) => instance.validate(value, argumentsOf(metadata, value, {}));
  return own.find((predicate) => agrees(predicate, rule, constraints));
}

function applyPredicate(metadata: RuleMetadata, predicate: Predicate): Test {
  if (!metadata.each) return predicate;
  return (value) => {
    const items = itemsOf(value);
    return items === undefined ? predicate(value) : items.every(predicate);
  };
}

/** As class-validator runs a rule: the constraint fetched from its container, all items asked, truthy is a pass. */
function runByClassValidator(metadata: RuleMetadata, constraint: Constraint): Test {
  return (value, object) => {
    const facts = argumentsOf(metadata, value, object);
    const items = metadata.each ? itemsOf(value) : undefined;
    const verdicts = (items ?? [value]).map((item) => constraint.instance.validate(item, facts) as unknown);
    const promises = verdicts.filter(isThenable);
    if (promises.length === 0) return verdicts.every(Boolean);
    // The whole object goes to class-validator now, which asks again and waits: these answers have no reader.
    for (const promise of promises) promise.then(undefined, () => undefined);
    throw pending;
  };
}

function guarded(validateIf: (object: unknown, value: unknown) => boolean, test: Test): Test {
  return (value, object) => !validateIf(object, value) || test(value, object);
}

function itemsOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (value instanceof Set) return [...value];
  return value instanceof Map ? [...value.values()] : undefined;
}
