import { ServiceError } from './service-error.js';

/**
 * What a handler of events throws where trying again cannot help: at least once, the event goes to the dead letters at once, with the
 * cause's code and this reason. Events that cannot be decoded or break a rule of their class end so by themselves.
 */
export class Unprocessable extends Error {
  override readonly name = 'Unprocessable';

  constructor(reason: string, options?: { readonly cause?: unknown }) {
    super(reason, options);
    Object.defineProperty(this, brand, { value: true });
  }

  /** Also of another copy of this package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value;
  }

  /** As a `ServiceError`: the cause, where it is one, else `InvalidArgument`. */
  get serviceError(): ServiceError {
    if (this.cause instanceof ServiceError) return this.cause;
    return new ServiceError('InvalidArgument', this.message, { cause: this.cause });
  }
}

const brand = Symbol.for('tenon.unprocessable');
