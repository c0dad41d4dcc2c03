import type { DtoClass } from '@tenon/contract';
import { type ValidationError, validateSync } from 'class-validator';

/** The part of a compiled class that a field which nests it needs. */
export interface NestedClass {
  readonly dto: DtoClass;
  readonly check: (instance: object) => boolean;
  readonly explain: (instance: object) => ValidationError[];
}

/** What a `@ValidateNested` field holds. */
export interface Nested {
  /** Whether the value, or each item of a collection, is an instance that keeps its rules. `undefined` passes. */
  readonly holds: (value: unknown) => boolean;
  /** The error tree of one nested object. */
  readonly explain: (value: object) => ValidationError[];
}

/** Nesting of one class, or of the classes that a discriminator chooses among. */
export function makeNested(classes: readonly NestedClass[]): Nested {
  const [first] = classes;
  const find = (value: object): NestedClass | undefined => {
    if (value.constructor === first?.dto) return first;
    return classes.find((one) => one.dto === value.constructor);
  };
  const holdsObject = (value: object): boolean => {
    const nested = find(value);
    return nested === undefined ? explainStranger(value).length === 0 : nested.check(value);
  };
  const holds = (value: unknown): boolean => {
    if (value === undefined) return true;
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index += 1) {
        if (!holds(value[index])) return false;
      }
      return true;
    }
    if (value instanceof Set || value instanceof Map) return [...value.values()].every(holds);
    return value instanceof Object && holdsObject(value);
  };
  const explain = (value: object) => find(value)?.explain(value) ?? explainStranger(value);
  return { holds, explain };
}

/** A date, a function or whatever else stands where the nested class was to be: rare, and class-validator's to judge. */
function explainStranger(value: object): ValidationError[] {
  return validateSync(value);
}
