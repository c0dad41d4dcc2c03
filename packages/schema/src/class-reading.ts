import { type DtoClass, ServiceError } from '@tenon/contract';
import { getMetadataStorage, ValidationTypes } from 'class-validator';
import { compileRules, type Rule } from './rule.js';
import type { RuleMetadata } from './rule-metadata.js';
import type { TransformerStorage } from './transformer-storage.js';
import { readTypes, type TypeReading } from './type-reader.js';

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
  /** What judges for those that are `defined` and `custom`, in this order. */
  readonly rules: { readonly defined: readonly Rule[]; readonly custom: readonly Rule[] };
}

/** What the decorators of one class say, its ancestors' included, and what an instance of it is like. */
export interface ClassReading {
  readonly dto: DtoClass;
  /** A fresh instance: its fields are the defaults. */
  readonly sample: object;
  /** The fields with rules. */
  readonly fields: readonly FieldReading[];
  /** What class-transformer makes of plain data. */
  readonly types: TypeReading;
}

/**
 * Reads a class with class-validator's own lookup, so that inheritance and order are its own. Throws `FailedPrecondition`
 * that names class, field and mend for a class that nothing can be made of.
 */
export function readClass(dto: DtoClass, transformer: TransformerStorage | undefined): ClassReading {
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
  const types = readTypes(dto, transformer);
  const sample = makeSample(dto);
  const fields = Object.entries(storage.groupByPropertyName(metadata)).map(([name, rules]) => readField(name, rules));
  return Object.freeze({ dto, sample, fields, types });
}

function readField(name: string, rules: readonly RuleMetadata[]): FieldReading {
  const ofType = (type: string) => rules.filter((rule) => rule.type === type);
  const defined = ofType(ValidationTypes.IS_DEFINED);
  const custom = ofType(ValidationTypes.CUSTOM_VALIDATION);
  return Object.freeze({
    name,
    defined,
    others: rules.filter((rule) => rule.type !== ValidationTypes.IS_DEFINED && rule.type !== ValidationTypes.WHITELIST),
    custom,
    nested: ofType(ValidationTypes.NESTED_VALIDATION),
    conditions: ofType(ValidationTypes.CONDITIONAL_VALIDATION),
    rules: { defined: defined.flatMap(compileRules), custom: custom.flatMap(compileRules) },
  });
}

function makeSample(dto: DtoClass): object {
  try {
    return new (dto as new () => object)();
  } catch (cause) {
    throw new ServiceError(
      'FailedPrecondition',
      `${dto.name} cannot be made by "new ${dto.name}()": a DTO class must have a constructor that needs no arguments`,
      { executed: 'no', cause },
    );
  }
}
