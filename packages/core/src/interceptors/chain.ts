import type { Intercept, InterceptedCall, Interceptor, InterceptorPlace, Next, Reply } from '@tenon/contract';

/**
 * A list of interceptors made into one function: runs them around `last`, the first outermost. Made once per endpoint;
 * an empty list is `undefined`, so that nothing is paid for what nobody asked for.
 */
export type Chain = (call: InterceptedCall, last: Next) => Promise<Reply>;

export function chain(interceptors: readonly Intercept[]): Chain | undefined {
  const [outermost, ...inner] = interceptors;
  if (outermost === undefined) return undefined;
  const rest = chain(inner);
  if (rest === undefined) return async (call, last) => outermost(call, last);
  return async (call, last) => outermost(call, (changed) => rest(changed, last));
}

/** Of the bound interceptors those that run in one place, as plain functions, in order. */
export function interceptorsAt(place: InterceptorPlace, interceptors: readonly Interceptor[]): readonly Intercept[] {
  return interceptors
    .filter((interceptor) => interceptor.places.includes(place))
    .map((interceptor) => (call, next) => interceptor.intercept(call, next));
}
