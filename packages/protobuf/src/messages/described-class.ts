/** What is known of a class, from the class itself or from its JSON Schema in a registry record: the source of its message. */
export interface DescribedClass {
  readonly name: string;
  readonly fields: readonly DescribedField[];
}

export interface DescribedField {
  readonly name: string;
  readonly type: DescribedType;
  /** Whether a value without it may be valid. */
  readonly optional: boolean;
  /** Whether `null` may be valid. */
  readonly nullable: boolean;
}

/** A type of a DTO class, with classes by name. */
export type DescribedType =
  | { readonly kind: 'any' | 'string' | 'boolean' | 'integer' | 'number' | 'bigint' | 'date' | 'bytes' | 'union' }
  | { readonly kind: 'enum'; readonly values: readonly (string | number)[] }
  | { readonly kind: 'record'; readonly name: string }
  | { readonly kind: 'array'; readonly items: DescribedType }
  | { readonly kind: 'map'; readonly values: DescribedType };
