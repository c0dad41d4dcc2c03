import type { DtoClass } from '@tenon/contract';
import type { Layout, ScalarKind } from './layout.js';

/** What one DTO class says about its values: read once, frozen, the same for whoever asks the same reader. */
export interface DtoSchema {
  readonly dto: DtoClass;
  /** The name of the class. */
  readonly name: string;
  /** In the order of the class: fields with rules first, then those that are known otherwise. */
  readonly fields: readonly DtoField[];
  /** How its values lie one behind the other. Absent: they can only be written with their names and types. */
  readonly layout: Layout | undefined;
  /** Why there is no layout, a line each, naming class and field. Empty where there is one. */
  readonly obstacles: readonly string[];
}

/** One field, as a caller may send it: under the name and of the type that it has before anything is transformed. */
export interface DtoField {
  readonly name: string;
  /** `any` where sources disagree or none says something. */
  readonly type: DtoType;
  /** What is asked of its value, in class-validator's order; conditions and nesting are not among them. */
  readonly rules: readonly DtoRule[];
  /** Whether a value without it may be valid. */
  readonly optional: boolean;
  /** Whether `null` may be valid. */
  readonly nullable: boolean;
  /** The text, number, boolean or `null` that the class gives it in each instance. */
  readonly default?: string | number | boolean | null | undefined;
}

/** One rule of a field. */
export interface DtoRule {
  /** As class-validator calls it: `isString`, `minLength`. */
  readonly name: string;
  /** As they were given to the decorator. */
  readonly constraints: readonly unknown[];
  /** Whether it is about each item of the value. */
  readonly each: boolean;
  /** Whether it judges as class-validator's rule of that name does. False: it may be anybody's. */
  readonly known: boolean;
}

/** What a field, or an item of one, holds: a {@link TypeLayout} that names classes instead of numbering them. */
export type DtoType =
  | { readonly kind: ScalarKind }
  | { readonly kind: 'enum'; readonly values: readonly (string | number)[] }
  | { readonly kind: 'record'; readonly dto: DtoClass }
  | { readonly kind: 'array'; readonly items: DtoType }
  | { readonly kind: 'map'; readonly values: DtoType }
  | {
      readonly kind: 'union';
      readonly property: string;
      readonly choices: readonly { readonly name: string; readonly dto: DtoClass }[];
    };
