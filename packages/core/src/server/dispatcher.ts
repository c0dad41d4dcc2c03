import {
  type CallHandler,
  type Clock,
  type EndpointKind,
  type IncomingCall,
  type Logger,
  type Reply,
  type ServedCall,
  ServiceError,
  type ServingNode,
} from '@tenon/contract';
import { DeadlineWheel } from '@tenon/contract/authoring';
import { runInContext } from '../context/index.js';
import type { Chain } from '../interceptors/chain.js';
import type { SeenCall } from '../interceptors/seen-call.js';
import { seenCall } from './route.js';
import type { Router } from './router.js';
import { type CallKeeper, RunningCall } from './running-call.js';
import { RunningCalls } from './running-calls.js';

/** Serves the calls that transports bring: context, deadline, cancelling, and the error that the caller gets. */
export class Dispatcher implements CallHandler, CallKeeper {
  readonly #running = new RunningCalls<RunningCall>();
  readonly #deadlines: DeadlineWheel;
  #idle: (() => void)[] = [];
  #refusal: ServiceError | undefined;

  constructor(
    private readonly router: Router,
    private readonly early: Chain | undefined,
    readonly clock: Clock,
    readonly logger: Logger,
    private readonly maxDeadlineMs: number,
  ) {
    this.#deadlines = new DeadlineWheel(clock);
  }

  handle(incoming: IncomingCall, now = this.clock.now()): ServedCall {
    const route = this.router.find(incoming);
    const deadline = this.#deadlineOf(incoming, route?.kind, now);
    const call = new RunningCall(incoming, route, deadline, incoming.deadline <= now, this);
    this.#running.add(call);
    runInContext(call.context, this.#serveInContext, call);
    // What is over already needs nobody to watch its time.
    if (call.runs) this.#deadlines.add(call);
    return call;
  }

  refusal(service: string, node: string | undefined): ServiceError | undefined {
    return this.#refusal ?? this.router.refusal(service, node);
  }

  nodeOf(service: string, node: string | undefined): ServingNode | undefined {
    return this.router.nodeOf(service, node);
  }

  kindOf(service: string, endpoint: string, node: string | undefined): EndpointKind | undefined {
    return this.router.find({ service, endpoint, node })?.kind;
  }

  ended(call: RunningCall): void {
    this.#deadlines.remove(call);
    this.#running.remove(call);
    if (this.#running.size === 0 && this.#refusal !== undefined) this.#becameIdle();
  }

  /** Refuses further calls with `Unavailable`, `executed: 'no'`. */
  refuse(): void {
    this.#refusal ??= new ServiceError('Unavailable', 'the node is shutting down', { executed: 'no' });
    if (this.#running.size === 0) this.#deadlines.close();
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
    for (const call of this.#running.all()) call.cancel(reason);
    if (this.#refusal !== undefined) this.#deadlines.close();
  }

  /** No unary call is without an end; a stream may go on for as long as its caller lets it. */
  #deadlineOf({ deadline, kind }: IncomingCall, declared: EndpointKind | undefined, now: number): number {
    const streams = (declared ?? kind ?? 'unary') !== 'unary';
    return streams ? deadline : Math.min(deadline, now + this.maxDeadlineMs);
  }

  readonly #serveInContext = (call: RunningCall): void => {
    try {
      const reply = this.early === undefined ? this.#serve(call, undefined) : this.#serveAround(this.early, call);
      if (reply instanceof Promise) {
        reply.then(
          (settled) => call.succeed(settled),
          (thrown) => call.fail(thrown),
        );
      } else call.succeed(reply);
    } catch (thrown) {
      call.fail(thrown);
    }
  };

  /** Refusals happen inside the early interceptors, so that these see every outcome. */
  #serveAround(early: Chain, call: RunningCall): Reply | Promise<Reply> {
    const kind = call.route?.kind ?? call.incoming.kind ?? 'unary';
    return early.around(seenCall(call, kind, undefined, undefined), { reach: (seen) => this.#serve(call, seen) });
  }

  #serve(call: RunningCall, seen: SeenCall | undefined): Reply | Promise<Reply> {
    if (this.#refusal !== undefined) throw this.#refusal;
    const { incoming, route } = call;
    if (call.isLate) throw deadlinePassed();
    if (route === undefined) throw this.router.missing(incoming);
    if (incoming.kind !== undefined && incoming.kind !== route.kind)
      throw otherKind(route.endpoint, route.kind, incoming.kind);
    return route.serve(call, seen);
  }

  #becameIdle(): void {
    const waiting = this.#idle;
    this.#idle = [];
    this.#deadlines.close();
    for (const resolve of waiting) resolve();
  }
}

function deadlinePassed(): ServiceError {
  return new ServiceError('DeadlineExceeded', 'the deadline passed before the call began');
}

function otherKind(endpoint: string, kind: EndpointKind, called: EndpointKind): ServiceError {
  const what = (name: EndpointKind): string =>
    name === 'bidi' ? 'a bidirectional stream' : `a ${name} ${name === 'unary' ? 'call' : 'stream'}`;
  return new ServiceError('Unimplemented', `${endpoint} is ${what(kind)} and was called as ${what(called)}`, {
    executed: 'no',
  });
}
