import type { BuildPlan } from './build-plan.js';
import type { JsonSchema } from './json-schema.js';
import type { Schema } from './schema.js';

/** One rule that one field broke. Values themselves are never repeated: they may be secrets. */
export interface Violation {
  /** Where, as a path: `items[2].sku`; the empty string is the value itself. */
  readonly field: string;
  /** Which rule, by its name: `isEmail`, `minLength`, `isObject`. */
  readonly rule: string;
  /** What the rule wants, in words. */
  readonly message: string;
  /** What arrived: `string`, `number`, `array`, `null`, `undefined`, … */
  readonly valueType: string;
}

/** The `details` of the `InvalidArgument` error that a broken rule leads to. */
export interface ViolationDetails {
  readonly violations: readonly Violation[];
}

/** A schema after compiling: made once per class at start, used for every call. */
export interface CompiledSchema<T = unknown> {
  /**
   * Checks a decoded value and builds what the handler gets: an instance of the DTO class. Returns it at once, or a
   * promise where a rule is asynchronous. The given value is not changed.
   *
   * Throws (or rejects with) `ServiceError` `InvalidArgument` whose details are {@link ViolationDetails}.
   */
  readonly validate: (value: unknown) => T | Promise<T>;
  /** The same rules as JSON Schema, for the registry and for documents. Rules that it cannot express are left out. */
  readonly jsonSchema: JsonSchema;
  /** How codecs may do what `validate` does while they read. Absent: only `validate` can. */
  readonly plan?: BuildPlan | undefined;
}

/**
 * Compiles schemas into checks.
 *
 * Callers compile at start, never per call. An implementer answers `undefined` for a kind of schema that it does not
 * know, and throws `ServiceError` `FailedPrecondition` for one that it knows and finds wrong, naming class, field and
 * mend.
 */
export abstract class Validator {
  abstract compile<T>(schema: Schema<T>): CompiledSchema<T> | undefined;
}
