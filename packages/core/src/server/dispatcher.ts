import {
  type CallHandler,
  type Clock,
  type IncomingCall,
  type InterceptedCall,
  type Logger,
  type Reply,
  ServiceError,
} from '@tenon/contract';
import { CallContext, runInContext } from '../context/index.js';
import type { Chain } from '../interceptors/chain.js';
import { handlerError } from './handler-error.js';
import { interceptedCall } from './intercepted-call.js';
import type { Route } from './route.js';
import type { Router } from './router.js';

/** Serves the calls that transports bring: context, deadline, cancelling, and the error that the caller gets. */
export class Dispatcher implements CallHandler {
  readonly #running = new Set<CallContext>();
  #idle: (() => void)[] = [];
  #refusal: ServiceError | undefined;

  constructor(
    private readonly router: Router,
    private readonly early: Chain | undefined,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly maxDeadlineMs: number,
  ) {}

  unary(incoming: IncomingCall): Promise<Reply> {
    return new Promise((resolve, reject) => this.#serve(incoming, resolve, reject));
  }

  /** Refuses further calls with `Unavailable`, `executed: 'no'`. */
  refuse(): void {
    this.#refusal ??= new ServiceError('Unavailable', 'the node is shutting down', { executed: 'no' });
  }

  /** Refuses further calls, and resolves when those that run have ended. */
  drain(): Promise<void> {
    this.refuse();
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Cancels every call that runs: its caller is answered at once. */
  cancelAll(): void {
    const reason = new ServiceError('Unavailable', 'the node was shut down during the call', { executed: 'maybe' });
    for (const context of this.#running) context.cancel(reason);
  }

  #serve(incoming: IncomingCall, resolve: (reply: Reply) => void, reject: (error: ServiceError) => void): void {
    const now = this.clock.now();
    const route = this.router.find(incoming);
    const deadline = Math.min(incoming.deadline, now + this.maxDeadlineMs);
    let handlerStarted = false;
    const started = (): void => {
      handlerStarted = true;
    };
    const context = new CallContext({
      service: route?.service ?? incoming.service,
      endpoint: route?.endpoint ?? incoming.endpoint,
      metadata: incoming.metadata,
      deadline,
      peer: incoming.peer,
      node: route?.node,
      clock: this.clock,
      // The caller is answered at once; the handler, which may take its time to notice, still counts as running.
      onCancel: (reason) => {
        cancelTimer();
        reject(reason.with({ executed: handlerStarted ? 'maybe' : 'no' }));
      },
    });
    const cancelTimer = this.clock.after(deadline - now, () => context.cancel(deadlinePassed('during the call')));
    incoming.onCancel((reason) => context.cancel(reason));
    this.#running.add(context);
    runInContext(context, () => this.#run(incoming, context, route, started))
      .then(resolve, (thrown) => reject(handlerError(thrown, { handlerStarted, context }, this.logger)))
      .finally(() => {
        cancelTimer();
        this.#running.delete(context);
        if (this.#running.size === 0) this.#becameIdle();
      });
  }

  /** Refusals happen inside the early interceptors, so that these see every outcome. */
  async #run(
    incoming: IncomingCall,
    context: CallContext,
    route: Route | undefined,
    started: () => void,
  ): Promise<Reply> {
    const serve = async (changed: InterceptedCall | undefined): Promise<Reply> => {
      if (this.#refusal !== undefined) throw this.#refusal;
      if (incoming.deadline <= this.clock.now()) throw deadlinePassed('before the call began');
      if (route === undefined) throw this.router.missing(incoming);
      return route.serve(incoming, context, changed, started);
    };
    if (this.early === undefined) return serve(undefined);
    const seen = interceptedCall(context, 'unary');
    return this.early(seen, (call) => serve(call === seen ? undefined : call));
  }

  #becameIdle(): void {
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }
}

function deadlinePassed(when: string): ServiceError {
  return new ServiceError('DeadlineExceeded', `the deadline passed ${when}`);
}
