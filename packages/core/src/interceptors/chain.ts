import type { Intercept, Interceptor, InterceptorPlace, Reply } from '@tenon/contract';
import { rejected } from './rejected.js';
import type { SeenCall } from './seen-call.js';

/** What interceptors lead to: a handler, the attempts of a call, a broker. */
export interface Target {
  /** Takes the call as the innermost interceptor handed it on. Replies at once where nothing takes time. May throw. */
  reach(call: SeenCall): Reply | Promise<Reply>;
}

/** Interceptors made into one, the first outermost. */
export class Chain {
  readonly #interceptors: readonly Intercept[];

  constructor(interceptors: readonly Intercept[]) {
    this.#interceptors = interceptors;
  }

  /**
   * Runs them around a target. They get a promise of the reply, as they must; where they hand on that very promise, and the
   * reply was there at once, nobody has to wait for it.
   */
  around(call: SeenCall, target: Target): Reply | Promise<Reply> {
    return new Passing(this.#interceptors, target).run(call);
  }
}

/** A chain made once per endpoint; of an empty list `undefined`, so that nothing is paid for what nobody asked for. */
export function chain(interceptors: readonly Intercept[]): Chain | undefined {
  return interceptors.length === 0 ? undefined : new Chain(interceptors);
}

/** One call on its way through a chain: one object and one closure for each interceptor is all that it takes. */
class Passing {
  readonly #interceptors: readonly Intercept[];
  readonly #target: Target;
  #reply: Reply | undefined;
  #promise: Promise<Reply> | undefined;

  constructor(interceptors: readonly Intercept[], target: Target) {
    this.#interceptors = interceptors;
    this.#target = target;
  }

  run(call: SeenCall): Reply | Promise<Reply> {
    const replied = this.#enter(0, call);
    if (this.#reply !== undefined && replied === this.#promise) return this.#reply;
    // An interceptor may return what another library takes for a promise.
    return Promise.resolve(replied);
  }

  #enter(position: number, call: SeenCall): Promise<Reply> {
    try {
      const intercept = this.#interceptors[position];
      if (intercept === undefined) return this.#reach(call);
      return intercept(call, (handedOn) => this.#enter(position + 1, call.after(handedOn)));
    } catch (thrown) {
      // One that throws at once rejects, as one that throws later does.
      return rejected(thrown);
    }
  }

  #reach(call: SeenCall): Promise<Reply> {
    const reached = this.#target.reach(call);
    if (reached instanceof Promise) return reached;
    this.#reply = reached;
    this.#promise = Promise.resolve(reached);
    return this.#promise;
  }
}

/** Of the bound interceptors those that run in one place, as plain functions, in order. */
export function interceptorsAt(place: InterceptorPlace, interceptors: readonly Interceptor[]): readonly Intercept[] {
  return interceptors
    .filter((interceptor) => interceptor.places.includes(place))
    .map((interceptor) => (call, next) => interceptor.intercept(call, next));
}
