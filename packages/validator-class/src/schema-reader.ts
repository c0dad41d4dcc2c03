import { type DtoClass, ServiceError } from '@tenon/contract';
import { getMetadataStorage, ValidationTypes } from 'class-validator';

type MetadataStorage = ReturnType<typeof getMetadataStorage>;
/** One decorator on one field, as class-validator keeps it. */
export type RuleMetadata = ReturnType<MetadataStorage['getTargetValidationMetadatas']>[number];
/** What judges for a decorator: class-validator's or the user's own code, with its name. */
export type Constraint = ReturnType<MetadataStorage['getTargetValidatorConstraints']>[number];

/** The decorators of one field, sorted as class-validator applies them. */
export interface FieldReading {
  readonly name: string;
  /** `@IsDefined`, which comes before all others. */
  readonly defined: readonly RuleMetadata[];
  /** All but `@IsDefined` and `@Allow`, in class-validator's order: what contexts are read from. */
  readonly others: readonly RuleMetadata[];
  readonly custom: readonly RuleMetadata[];
  readonly nested: readonly RuleMetadata[];
  readonly conditions: readonly RuleMetadata[];
}

/** The decorators of one class, its ancestors' included. */
export interface ClassReading {
  readonly dto: DtoClass;
  readonly fields: readonly FieldReading[];
}

/** Reads a class with class-validator's own lookup, so that inheritance and order are its own. */
export function readClass(dto: DtoClass): ClassReading {
  const storage = getMetadataStorage();
  const metadata = storage.getTargetValidationMetadatas(dto, '', false, false);
  for (const { propertyName } of metadata) {
    if (propertyName in Object.prototype) {
      throw new ServiceError(
        'FailedPrecondition',
        `${dto.name}.${propertyName} has rules, but every object inherits a member of that name: rename the field`,
        { executed: 'no' },
      );
    }
  }
  const fields = Object.entries(storage.groupByPropertyName(metadata)).map(([name, rules]) => readField(name, rules));
  return { dto, fields };
}

function readField(name: string, rules: readonly RuleMetadata[]): FieldReading {
  const ofType = (type: string) => rules.filter((rule) => rule.type === type);
  return {
    name,
    defined: ofType(ValidationTypes.IS_DEFINED),
    others: rules.filter((rule) => rule.type !== ValidationTypes.IS_DEFINED && rule.type !== ValidationTypes.WHITELIST),
    custom: ofType(ValidationTypes.CUSTOM_VALIDATION),
    nested: ofType(ValidationTypes.NESTED_VALIDATION),
    conditions: ofType(ValidationTypes.CONDITIONAL_VALIDATION),
  };
}

export function constraintsOf(rule: RuleMetadata): readonly Constraint[] {
  return getMetadataStorage().getTargetValidatorConstraints(rule.constraintCls);
}

/** Whether a condition is `@IsOptional`, which class-validator writes as a condition with a name. */
export function isOptional(condition: RuleMetadata): boolean {
  return condition.name === 'isOptional';
}

/** Why class-validator itself must run this class, or `undefined`. */
export function handOver(
  reading: ClassReading,
): { readonly reason: string; readonly asynchronous: boolean } | undefined {
  const rules = reading.fields.flatMap((field) => [...field.defined, ...field.others]);
  const named = (rule: RuleMetadata) => `${reading.dto.name}.${rule.propertyName}`;
  const promise = rules.find((rule) => rule.type === ValidationTypes.PROMISE_VALIDATION);
  if (promise !== undefined) return { reason: `${named(promise)} awaits a promise`, asynchronous: true };
  const slow = rules.find((rule) => constraintsOf(rule).some((constraint) => constraint.async));
  if (slow !== undefined) return { reason: `${named(slow)} has an asynchronous rule`, asynchronous: true };
  const grouped = rules.find((rule) => rule.groups !== undefined && rule.groups.length > 0);
  if (grouped !== undefined) return { reason: `${named(grouped)} has a rule in a group`, asynchronous: false };
  return undefined;
}
