/** Judges one value by one rule whose constraints are known. Pure: no side effect, no state. */
export type Predicate = (value: unknown) => boolean;

/**
 * Makes the predicate of a rule from the constraints that class-validator's metadata holds for it, or `undefined` where
 * these constraints are not ones that the own code covers. Every predicate is probed before it is used.
 */
export type PredicateFactory = (constraints: readonly unknown[]) => Predicate | undefined;

/** A family of rules, by the names that class-validator gives them. */
export type RuleFamily = Readonly<Record<string, PredicateFactory>>;
