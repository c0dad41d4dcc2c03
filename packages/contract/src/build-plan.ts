import type { DtoClass } from './schema.js';

/**
 * How instances of one DTO class are checked and built, as a validator tells it to codecs that do so while they read.
 *
 * A value that is built by the plan is what {@link CompiledSchema.validate} would have made of it. There is a plan only for
 * classes whose rules can be judged field by field, at once and by the value alone.
 */
export interface BuildPlan {
  readonly dto: DtoClass;
  /** Whether a field that came and that the plan does not have is to be dropped. False: it means something to the validator. */
  readonly dropsUnknown: boolean;
  /** In the order of the class. */
  readonly fields: readonly BuildField[];
}

/** One field of a {@link BuildPlan}. */
export interface BuildField {
  readonly name: string;
  /** What a value that is nobody's instance becomes before it is judged: a copy, a `Date` of a text. Absent: it stays. */
  readonly convert?: ((value: unknown) => unknown) | undefined;
  /**
   * The plan of the class that the value, or each item of it, is an instance of; then nothing but objects pass. To be asked
   * for when it is needed and not before: classes may nest one another.
   */
  readonly nested?: (() => BuildPlan | undefined) | undefined;
  /** Whether `null` passes whatever the tests say. */
  readonly optional: boolean;
  /** All must hold for a value that came. */
  readonly tests: readonly BuildTest[];
  /** Whether the class's own default passes, or nothing where it has none, for a field that did not come. */
  readonly absent: (value: unknown, instance: object) => boolean;
}

/** One rule of a {@link BuildField}. */
export interface BuildTest {
  /** The rule's name, where it is one of class-validator's and known to judge as that does: `isString`, `minLength`. */
  readonly rule?: string | undefined;
  /** Never throws; looks at nothing but the value. */
  readonly holds: (value: unknown, instance: object) => boolean;
}

/** What a decoder returns for a value that it has checked and built by a {@link BuildPlan}: nobody needs to do so again. */
export class Built {
  constructor(readonly value: object) {}
}
