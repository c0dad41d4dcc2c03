/** A DTO class: what request, reply and event types are written as. */
export type DtoClass<T = unknown> = new (...args: never[]) => T;

/**
 * The part of Standard Schema v1 (https://standardschema.dev) that Tenon reads, so that zod, valibot and arktype fit.
 */
export interface StandardSchema<T = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<T> | Promise<StandardResult<T>>;
  };
}

export type StandardResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] };

/**
 * What a request, a reply or an event looks like: a DTO class or a Standard Schema.
 *
 * Opaque to transports and brokers, which hand it to the codec; read by the validator, and by codecs that compile it.
 */
export type Schema<T = unknown> = DtoClass<T> | StandardSchema<T>;
