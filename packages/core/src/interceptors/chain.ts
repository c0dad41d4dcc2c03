import type { Intercept, Interceptor, InterceptorPlace, Reply } from '@tenon/contract';
import type { SeenCall } from './seen-call.js';

/**
 * A list of interceptors made into one function: runs them around `last`, the first outermost. Made once per endpoint;
 * an empty list is `undefined`, so that nothing is paid for what nobody asked for.
 */
export type Chain = (call: SeenCall, last: Last) => Promise<Reply>;

/** What the innermost interceptor goes on to. */
export type Last = (call: SeenCall) => Promise<Reply>;

export function chain(interceptors: readonly Intercept[]): Chain | undefined {
  const [outermost, ...inner] = interceptors;
  if (outermost === undefined) return undefined;
  const rest = chain(inner);
  if (rest === undefined) return (call, last) => guarded(outermost, call, last);
  return (call, last) => guarded(outermost, call, (left) => rest(left, last));
}

/** An interceptor that throws at once rejects, as one that throws later does. */
function guarded(intercept: Intercept, call: SeenCall, next: Last): Promise<Reply> {
  try {
    return intercept(call, (handedOn) => next(call.after(handedOn)));
  } catch (thrown) {
    return Promise.reject(thrown);
  }
}

/**
 * Runs a chain around a step that may reply at once. The interceptors get a promise of the reply, as they must; where they
 * hand on that very promise, and the reply was there at once, nobody has to wait for it.
 */
export function within(
  around: Chain,
  call: SeenCall,
  step: (call: SeenCall) => Reply | Promise<Reply>,
): Reply | Promise<Reply> {
  let reply: Reply | undefined;
  let promise: Promise<Reply> | undefined;
  const replied = around(call, (left) => {
    try {
      const stepped = step(left);
      if (stepped instanceof Promise) return stepped;
      reply = stepped;
      promise = Promise.resolve(stepped);
      return promise;
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  });
  // An interceptor may return what another library takes for a promise.
  return reply !== undefined && replied === promise ? reply : Promise.resolve(replied);
}

/** Of the bound interceptors those that run in one place, as plain functions, in order. */
export function interceptorsAt(place: InterceptorPlace, interceptors: readonly Interceptor[]): readonly Intercept[] {
  return interceptors
    .filter((interceptor) => interceptor.places.includes(place))
    .map((interceptor) => (call, next) => interceptor.intercept(call, next));
}
