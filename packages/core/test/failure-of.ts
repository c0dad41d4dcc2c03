import { ServiceError } from '@tenon/contract';

/** The error of something that must fail, which must be a `ServiceError`. */
export async function failureOf(work: Promise<unknown> | (() => unknown)): Promise<ServiceError> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (thrown) {
    if (thrown instanceof ServiceError) return thrown;
    throw new Error('it failed with something that is no ServiceError', { cause: thrown });
  }
  throw new Error('it succeeded');
}
