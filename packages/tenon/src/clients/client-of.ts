import type { CallOptions } from '@tenon/contract';

/**
 * The client of a service, typed from its class: each method takes the request as a plain object, and options, and
 * resolves with the reply.
 *
 * @example
 * await greeter.hello({ name: 'Ada' }, { timeoutMs: 500 });
 */
export type ClientOf<T> = {
  readonly [K in keyof T as T[K] extends (request: never) => unknown ? K : never]: ClientMethod<T[K]>;
};

/** One method of a client. A handler without a parameter is called without a request, or with an empty one. */
export type ClientMethod<M> = M extends () => infer R
  ? (request?: Record<string, never>, options?: CallOptions) => Promise<Awaited<R>>
  : M extends (request: infer Q) => infer R
    ? (request: Plain<Q>, options?: CallOptions) => Promise<Awaited<R>>
    : never;

/** A request class as callers write it: its fields, without its methods, all the way down. */
export type Plain<T> = T extends Scalar
  ? T
  : T extends readonly (infer E)[]
    ? readonly Plain<E>[]
    : T extends object
      ? { [K in keyof T as T[K] extends (...parameters: never[]) => unknown ? never : K]: Plain<T[K]> }
      : T;

type Scalar =
  | string
  | number
  | boolean
  | bigint
  | null
  | undefined
  | Date
  | Uint8Array
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>;

/** Stands in for the type where a compiler emits it as a parameter type, so that a plain import works everywhere. */
export const ClientOf = Object;
