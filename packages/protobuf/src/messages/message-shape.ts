/** One message: what a class says, in protobuf's words, before its fields have numbers. Plain, frozen data. */
export interface MessageShape {
  /** The name of the class. */
  readonly name: string;
  /** In the order of the class. */
  readonly fields: readonly FieldShape[];
}

/** One field of a message. */
export interface FieldShape {
  /** The property of the object, which is also the name in JSON: `dueOn`. */
  readonly property: string;
  /** The name in the .proto: `due_on`. */
  readonly name: string;
  readonly type: FieldType;
  /** Whether a value may lack it: then absence is told from zero, false and the empty text. */
  readonly optional: boolean;
  /** Whether it may be `null`, which is written as absence. */
  readonly nullable: boolean;
}

/** What a field holds. protobuf has no list of lists, and no map in a list. */
export type FieldType =
  | ItemType
  | { readonly kind: 'list'; readonly items: ItemType }
  /** A plain object whose keys are data. */
  | { readonly kind: 'map'; readonly values: ItemType };

/** What a field, or an item of one, holds. */
export type ItemType =
  | { readonly kind: ScalarKind }
  /** One of some texts. */
  | EnumType
  /** The message of another class, or of the same. */
  | { readonly kind: 'message'; readonly name: string };

/** Some texts to choose from, as an enum inside of the message. 0 stands for none of them. */
export interface EnumType {
  readonly kind: 'enum';
  /** `Status`, of the field `status`. */
  readonly name: string;
  readonly values: readonly EnumValue[];
}

export interface EnumValue {
  /** The text in the object. */
  readonly text: string;
  /** The name in the .proto: `STATUS_OPEN`. */
  readonly name: string;
}

/**
 * `integer`: a safe integer, as `int64`; `bigint`: a whole number of 64 bits, as `int64`; `number`: as `double`; `date`: as
 * `google.protobuf.Timestamp`.
 */
export type ScalarKind = 'string' | 'boolean' | 'integer' | 'bigint' | 'number' | 'bytes' | 'date';

/** How a type is called in a .proto and in a lock file: `repeated Line`, `map<string, int64>`. Enums by their own name. */
export function typeText(type: FieldType): string {
  if (type.kind === 'list') return `repeated ${itemText(type.items)}`;
  if (type.kind === 'map') return `map<string, ${itemText(type.values)}>`;
  return itemText(type);
}

/** The type of one value. */
export function itemText(type: ItemType): string {
  return type.kind === 'enum' || type.kind === 'message' ? type.name : scalarTexts[type.kind];
}

/** What one field holds at most once, each item of it, or each value of it. */
export function itemOf(type: FieldType): ItemType {
  if (type.kind === 'list') return type.items;
  return type.kind === 'map' ? type.values : type;
}

const scalarTexts: Readonly<Record<ScalarKind, string>> = Object.freeze({
  string: 'string',
  boolean: 'bool',
  integer: 'int64',
  bigint: 'int64',
  number: 'double',
  bytes: 'bytes',
  date: 'google.protobuf.Timestamp',
});
