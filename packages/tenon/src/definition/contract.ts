import { ServiceError } from '@tenon/contract';

/** What callers need of a service whose class they do not import: its names. Made by {@link contract}. */
export interface ServiceContract<T extends object = object> {
  readonly service: string;
  /** The first part of endpoint names on the wire. */
  readonly as: string;
  /** Methods that a client may repeat when nobody knows whether they ran. */
  readonly idempotent: ReadonlySet<string>;
  /** Holds the service's type; never there at run time. */
  readonly type?: T;
}

/**
 * A contract of a service from its type alone, so that callers need `import type` and nothing of the implementation.
 *
 * @example
 * import type { Greeter } from '@acme/greeter';
 * export const GreeterContract = contract<Greeter>()('greeter', { as: 'Greeter' });
 * constructor(@InjectClient(GreeterContract) private readonly greeter: ClientOf<Greeter>) {}
 */
export function contract<T extends object>(): (
  service: string,
  options: { readonly as: string; readonly idempotent?: readonly (keyof T & string)[] },
) => ServiceContract<T> {
  return (service, { as, idempotent = [] }) => {
    if (service === '' || as === '') {
      throw new ServiceError(
        'InvalidArgument',
        'contract() wants the service name and the class name it has on the wire',
        {
          executed: 'no',
        },
      );
    }
    return Object.freeze({ service, as, idempotent: new Set<string>(idempotent) });
  };
}
