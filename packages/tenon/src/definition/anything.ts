import type { StandardSchema } from '@tenon/contract';

/** A schema that every value fits, for endpoints that want no check: `@Endpoint({ request: anything })`. */
export const anything: StandardSchema<never> = Object.freeze({
  '~standard': Object.freeze({
    version: 1,
    vendor: 'tenon',
    validate: (value: unknown) => ({ value: value as never }),
  }),
});
