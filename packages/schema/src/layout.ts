/**
 * How the values of a class, and of all that it nests, lie one behind the other: names, types and nothing else. Plain,
 * frozen data, so that it may come from a class of this process or from a peer.
 *
 * Two layouts that are deep-equal have the same hash, and then values that were written by one are read by the other.
 */
export interface Layout {
  /** Each class once; the first is the one that it is about. At most {@link maxRecords}. */
  readonly records: readonly RecordLayout[];
}

/** One class. */
export interface RecordLayout {
  /** In the order of their names, so that moving a field within its class changes nothing. At most {@link maxFields}. */
  readonly fields: readonly FieldLayout[];
}

/** One field of a class. */
export interface FieldLayout {
  readonly name: string;
  /** Whether it may be left out. */
  readonly optional: boolean;
  /** Whether it may be `null`. */
  readonly nullable: boolean;
  readonly type: TypeLayout;
}

/** What a field, or an item of one, holds. */
export type TypeLayout =
  | { readonly kind: ScalarKind }
  /** One of some texts or numbers, known by its place among them. */
  | { readonly kind: 'enum'; readonly values: readonly (string | number)[] }
  /** An object of the class with that number. */
  | { readonly kind: 'record'; readonly record: number }
  | { readonly kind: 'array'; readonly items: TypeLayout }
  /** A plain object whose keys are data. */
  | { readonly kind: 'map'; readonly values: TypeLayout }
  /** An object of one of some classes, told apart by the text in one of its properties. */
  | { readonly kind: 'union'; readonly property: string; readonly choices: readonly UnionChoice[] };

/**
 * `integer`: a safe integer; `number`: any; `bigint`: a whole number of up to 64 bits; `bytes`: a `Uint8Array`; `any`: whatever the plain codec
 * can carry.
 */
export type ScalarKind = 'any' | 'string' | 'boolean' | 'integer' | 'number' | 'bigint' | 'date' | 'bytes';

/** One class of a union. */
export interface UnionChoice {
  /** The text that tells it. */
  readonly name: string;
  readonly record: number;
}

/** Classes in one layout. */
export const maxRecords = 256;
/** Fields in one class. */
export const maxFields = 256;
/** Values of one enum. */
export const maxEnumValues = 4_096;
/** Classes of one union. */
export const maxChoices = 256;
/** A name of a field, or of the property that tells a class, in UTF-8. */
export const maxNameBytes = 256;
/** Arrays and maps around one type. Classes that nest classes do not count: they refer to one another by number. */
export const maxTypeDepth = 16;
/** A layout in its binary form. */
export const maxLayoutBytes = 60_000;
