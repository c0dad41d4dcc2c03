import { type CallPolicy, canonicalEndpoint, ServiceError } from '@tenon/contract';
import { checkPolicy } from '@tenon/core';
import type { StreamKind } from '../decorators/endpoint.js';
import { ownMetadata, setMetadata } from '../metadata.js';
import type { AnyClass } from './service-definition.js';

/** What callers need of a service whose class they do not import: its names. Made by {@link contract}. */
export interface ServiceContract<T extends object = object> {
  readonly service: string;
  /** The first part of endpoint names on the wire. */
  readonly as: string;
  /** Methods that a client may repeat when nobody knows whether they ran. */
  readonly idempotent: ReadonlySet<string>;
  /** Methods that stream, by who does. All others take one request and answer once. */
  readonly streams: ReadonlyMap<string, StreamKind>;
  /** How methods are called unless a call says otherwise. */
  readonly policies: ReadonlyMap<string, CallPolicy>;
  /** Holds the service's type; never there at run time. */
  readonly type?: T;
}

/** What stands in a contract beside the service's type. */
export type ContractOptions<T extends object> = {
  /** The first part of endpoint names on the wire: the name of the service's class. */
  readonly as: string;
  /** Methods that a client may repeat when nobody knows whether they ran. Default none. */
  readonly idempotent?: readonly (keyof T & string)[];
  /** How methods are called unless a call says otherwise: see `CallPolicy`. Default: as the client's own options say. */
  readonly policies?: { readonly [K in keyof T & string]?: CallPolicy };
} & (Record<string, never> extends StreamTable<T>
  ? { readonly streams?: Record<string, never> }
  : {
      /** Every method that streams, and who does. */
      readonly streams: StreamTable<T>;
    });

/** The methods of a service that stream, each with its kind: what only the type knows, and a caller must say. */
export type StreamTable<T> = { readonly [K in keyof T as StreamOf<T[K]> extends never ? never : K]: StreamOf<T[K]> };

type StreamOf<M> = M extends (...parameters: infer P) => infer R
  ? Awaited<R> extends AsyncIterable<unknown>
    ? FirstStreams<P> extends true
      ? 'bidi'
      : 'server'
    : FirstStreams<P> extends true
      ? 'client'
      : never
  : never;

type FirstStreams<P> = P extends [infer Q, ...unknown[]] ? (Q extends AsyncIterable<unknown> ? true : false) : false;

/**
 * A contract of a service from its type alone, so that callers need `import type` and nothing of the implementation.
 *
 * @throws ServiceError `InvalidArgument` for an empty name, and for a policy out of range, which it names.
 *
 * @example
 * import type { Greeter } from '@acme/greeter';
 * export const GreeterContract = contract<Greeter>()('greeter', { as: 'Greeter', streams: { count: 'server' } });
 * constructor(@InjectClient(GreeterContract) private readonly greeter: ClientOf<Greeter>) {}
 */
export function contract<T extends object>(): (service: string, options: ContractOptions<T>) => ServiceContract<T> {
  return (service, { as, idempotent = [], streams = {}, policies = {} }) => {
    if (service === '' || as === '') {
      throw new ServiceError(
        'InvalidArgument',
        'contract() wants the service name and the class name it has on the wire',
        {
          executed: 'no',
        },
      );
    }
    const table = new Map<string, StreamKind>(Object.entries<StreamKind>(streams));
    const policyTable = new Map<string, CallPolicy>();
    for (const [method, policy] of Object.entries<CallPolicy | undefined>(policies)) {
      if (policy === undefined) continue;
      checkPolicy(policy, canonicalEndpoint(as, method));
      policyTable.set(method, Object.freeze({ ...policy }));
    }
    return Object.freeze({
      service,
      as,
      idempotent: new Set<string>(idempotent),
      streams: table,
      policies: policyTable,
    });
  };
}

/**
 * Makes an abstract class the contract of a service: callers import it, inject its client and know nothing of the class
 * that implements it. Decorators cannot stand on abstract methods, so it says for all of them what each one's would.
 *
 * @example
 * @Contract('greeter', { as: 'Greeter', streams: { count: 'server' } })
 * export abstract class GreeterContract {
 *   abstract hello(request: HelloRequest): Promise<HelloReply>;
 *   abstract count(request: CountRequest): AsyncIterable<Tick>;
 * }
 */
export function Contract<T extends object>(
  service: string,
  options: ContractOptions<T>,
): (target: AbstractClass<T>) => void {
  const made = contract<T>()(service, options);
  return (target) => setMetadata(contractKey, made, target);
}

/** The contract that a target of a client is, or carries; undefined for a service class, which says everything itself. */
export function contractOf(target: object): ServiceContract | undefined {
  return typeof target === 'function' ? ownMetadata(contractKey, target) : (target as ServiceContract);
}

/** A class that cannot be made, only implemented. */
export type AbstractClass<T> = abstract new (...args: never[]) => T;

/** What can carry a contract: an abstract class, or a service class, which carries none. */
export type ContractClass<T extends object = object> = AbstractClass<T> | AnyClass<T>;

const contractKey = Symbol.for('tenon.contract');
