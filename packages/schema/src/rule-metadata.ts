import { getMetadataStorage } from 'class-validator';

type MetadataStorage = ReturnType<typeof getMetadataStorage>;
/** One decorator on one field, as class-validator keeps it. */
export type RuleMetadata = ReturnType<MetadataStorage['getTargetValidationMetadatas']>[number];
/** What judges for a decorator: class-validator's or the user's own code, with its name. */
export type Constraint = ReturnType<MetadataStorage['getTargetValidatorConstraints']>[number];

/** What judges for a decorator: mostly one, more or none for a `@Validate` class. */
export function constraintsOf(rule: RuleMetadata): readonly Constraint[] {
  return getMetadataStorage().getTargetValidatorConstraints(rule.constraintCls);
}

/** Whether a condition is `@IsOptional`, which class-validator writes as a condition with a name. */
export function isOptional(condition: RuleMetadata): boolean {
  return condition.name === 'isOptional';
}
