import type { CallOptions } from '@tenon/contract';

/**
 * The client of a service, typed from its class: each method takes the request as a plain object, and options, and
 * resolves with the reply. Where the server streams, it returns the replies to be iterated instead; where the client
 * streams, it takes the requests as any iterable, async or not.
 *
 * @example
 * await greeter.hello({ name: 'Ada' }, { timeoutMs: 500 });
 * for await (const tick of greeter.count({ to: 3 })) console.log(tick);
 */
export type ClientOf<T> = {
  readonly [K in keyof T as T[K] extends (request: never) => unknown ? K : never]: ClientMethod<T[K]>;
};

/** One method of a client. A handler without a parameter is called without a request, or with an empty one. */
export type ClientMethod<M> = M extends () => infer R
  ? (request?: Record<string, never>, options?: CallOptions) => Answer<R>
  : M extends (request: infer Q) => infer R
    ? (request: Asked<Q>, options?: CallOptions) => Answer<R>
    : never;

/**
 * The replies of a stream. The call is made at the first `next()`; leaving the iteration early ends it. Iterate it once.
 */
export type Replies<T> = AsyncIterableIterator<T>;

/** The requests of a stream as callers write them. */
export type Requests<T> = AsyncIterable<T> | Iterable<T>;

type Answer<R> =
  IsAny<R> extends true
    ? Promise<R>
    : [Awaited<R>] extends [never]
      ? Promise<never>
      : Awaited<R> extends AsyncIterable<infer T>
        ? Replies<T>
        : Promise<Awaited<R>>;

type Asked<Q> = IsAny<Q> extends true ? Q : Q extends AsyncIterable<infer T> ? Requests<Plain<T>> : Plain<Q>;

type IsAny<T> = 0 extends 1 & T ? true : false;

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
