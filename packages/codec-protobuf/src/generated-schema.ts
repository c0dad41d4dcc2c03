import type { Schema, StandardSchema } from '@tenon/contract';

/** A schema that brings its own binary form: that of a generated message. */
export interface GeneratedSchema<T = unknown> extends StandardSchema<T> {
  readonly [binaryForm]: BinaryForm;
}

/** How values of one type become bytes, and bytes values. */
export interface BinaryForm {
  /** @throws ServiceError `InvalidArgument` */
  readonly encode: (value: unknown) => Uint8Array;
  /** @throws ServiceError `InvalidArgument` */
  readonly decode: (bytes: Uint8Array) => unknown;
}

/** Generated messages that are known by the name they carry in `$typeName`. */
export interface GeneratedMessages {
  /** Undefined for a value that is no message of one of these types. */
  readonly formOf: (value: unknown) => BinaryForm | undefined;
}

/** Where a schema has its binary form. */
export const binaryForm: unique symbol = Symbol.for('tenon.protobuf.binary-form') as never;

export function binaryFormOf(schema: Schema | undefined): BinaryForm | undefined {
  return (schema as Partial<GeneratedSchema> | undefined)?.[binaryForm];
}
