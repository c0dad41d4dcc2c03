import {
  type CallHandler,
  type Clock,
  callMetadata,
  type EndpointKind,
  type IncomingCall,
  type Logger,
  type Message,
  noMetadata,
  type Reply,
  type ServedCall,
  ServiceError,
  type ServiceRecord,
  type ServingNode,
} from '@tenon/contract';
import { DeadlineWheel } from '@tenon/contract/authoring';
import { runInContext } from '../context/index.js';
import type { Chain } from '../interceptors/chain.js';
import type { SeenCall } from '../interceptors/seen-call.js';
import { Admission } from '../overload/admission.js';
import { KeptOutcomes } from '../overload/kept-outcomes.js';
import { Shedding } from '../overload/shedding.js';
import type { Telemetry } from '../telemetry/index.js';
import { nobodySubscribes } from './deliver-to.js';
import { seenCall } from './route.js';
import type { Router } from './router.js';
import { type CallKeeper, type CallRoute, RunningCall } from './running-call.js';
import { RunningCalls } from './running-calls.js';
import type { ResolvedServerOptions } from './server-options.js';

/** What a dispatcher is made of. */
export interface DispatcherParts {
  readonly router: Router;
  readonly early: Chain | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  /** What is served, for transports that tell of it. Absent: nobody is told. */
  readonly describe?: () => readonly ServiceRecord[];
  /** Hands an event that came as a request to who subscribes here. Absent: nobody does. */
  readonly deliver?: (topic: string, message: Message) => Promise<void>;
  readonly options: Pick<ResolvedServerOptions, 'maxDeadlineMs' | 'queue' | 'concurrency' | 'idempotency'>;
  /** As in `AdmissionParts`. */
  readonly afterReads?: (callback: () => void) => void;
  /** As in `AdmissionParts`. */
  readonly stolenMs?: () => number;
}

/** Serves the calls that transports bring: context, deadline, cancelling, and the error that the caller gets. */
export class Dispatcher implements CallHandler, CallKeeper {
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * The same, for calls that are made in this process: they belong to what makes them, which has been let in or is the
   * application's own. They do not wait for each other, nor are they turned away.
   */
  readonly inside: CallHandler = {
    handle: (incoming, now = this.clock.now()) => {
      const call = this.#arrived(incoming, now, this.#parts.router.find(incoming));
      this.#begin(call);
      return call;
    },
    refusal: (service, node) => this.refusal(service, node),
    nodeOf: (service, node) => this.nodeOf(service, node),
    kindOf: (service, endpoint, node) => this.kindOf(service, endpoint, node),
  };
  readonly #parts: DispatcherParts;
  readonly #early: Chain | undefined;
  readonly #admission: Admission<RunningCall>;
  readonly #outcomes: KeptOutcomes | undefined;
  readonly #running = new RunningCalls<RunningCall>();
  readonly #deadlines: DeadlineWheel;
  #nextTimedAt = Number.NEGATIVE_INFINITY;
  #idle: (() => void)[] = [];
  #refusal: ServiceError | undefined;

  constructor(parts: DispatcherParts) {
    const { clock, logger, telemetry, options, early } = parts;
    this.#parts = parts;
    this.clock = clock;
    this.logger = logger;
    this.#early = early;
    this.#deadlines = new DeadlineWheel(clock);
    const shedding = new Shedding(telemetry, clock, logger);
    this.#admission = new Admission({ ...options, ...parts, shedding }, this);
    const { idempotency } = options;
    this.#outcomes = idempotency && new KeptOutcomes(idempotency, clock, telemetry.replays);
  }

  handle(incoming: IncomingCall, heardAt?: number): ServedCall {
    const now = this.clock.now();
    return this.#take(this.#arrived(incoming, now, this.#parts.router.find(incoming)), heardAt ?? now, now);
  }

  /** The same for a call whose way is in no router: what is asked at a path of the port. */
  handleAt(route: CallRoute, incoming: IncomingCall): ServedCall {
    const now = this.clock.now();
    return this.#take(this.#arrived(incoming, now, route), now, now);
  }

  #take(call: RunningCall, heardAt: number, now: number): ServedCall {
    // What is refused anyway is soon done, and streams have limits of their own.
    const { route } = call;
    if (route === undefined || route.kind !== 'unary' || call.refusal !== undefined || call.isLate) this.#begin(call);
    else if (this.#admission.enter(call, heardAt, now)) this.#beginAdmitted(call, now);
    else if (call.runs) this.#deadlines.add(call);
    return call;
  }

  /** A call that waited has its turn. */
  serve(call: RunningCall, now: number): void {
    // Its end has come, and the timer that tells it has not yet.
    if (call.deadline <= now) call.refusal = deadlinePassed();
    this.#beginAdmitted(call, now);
  }

  /** Turns a call away that waits, or would have to. */
  turnAway(call: RunningCall, error: ServiceError): void {
    call.refusal = error;
    if (this.#early === undefined) call.fail(error);
    else runInContext(call.context, this.#serveInContext, call);
  }

  leftLine(call: RunningCall, reason: ServiceError): void {
    this.#admission.leave(call);
    this.turnAway(call, reason);
  }

  refusal(service: string, node: string | undefined): ServiceError | undefined {
    return this.#refusal ?? this.#parts.router.refusal(service, node);
  }

  nodeOf(service: string, node: string | undefined): ServingNode | undefined {
    return this.#parts.router.nodeOf(service, node);
  }

  kindOf(service: string, endpoint: string, node: string | undefined): EndpointKind | undefined {
    return this.#parts.router.find({ service, endpoint, node })?.kind;
  }

  async deliver(topic: string, message: Message): Promise<void> {
    if (this.#refusal !== undefined) throw this.#refusal;
    if (this.#parts.deliver === undefined) throw nobodySubscribes(topic);
    return this.#parts.deliver(topic, message);
  }

  services(): readonly ServiceRecord[] {
    return this.#parts.describe?.() ?? [];
  }

  ended(call: RunningCall): void {
    if (call.admitted) this.#admission.release(call.timedFrom);
    this.#deadlines.remove(call);
    this.#running.remove(call);
    if (this.#running.size === 0 && this.#refusal !== undefined) this.#becameIdle();
  }

  /** Refuses further calls with `Unavailable`, `executed: 'no'`. Those that wait for their turn still get it. */
  refuse(): void {
    this.#refusal ??= new ServiceError('Unavailable', 'the node is shutting down', {
      executed: 'no',
      refusal: 'draining',
    });
    if (this.#running.size === 0) this.#stopTimers();
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
    for (const call of this.#running.all()) call.stop(reason);
    if (this.#refusal !== undefined) this.#stopTimers();
  }

  /** No unary call is without an end; a stream may go on for as long as its caller lets it. */
  #deadlineOf({ deadline, kind }: IncomingCall, declared: EndpointKind | undefined, now: number): number {
    const streams = (declared ?? kind ?? 'unary') !== 'unary';
    return streams ? deadline : Math.min(deadline, now + this.#parts.options.maxDeadlineMs);
  }

  #arrived(incoming: IncomingCall, now: number, route: CallRoute | undefined): RunningCall {
    const deadline = this.#deadlineOf(incoming, route?.kind, now);
    const call = new RunningCall(incoming, route, deadline, incoming.deadline <= now, this);
    if (this.#refusal !== undefined) this.#refuseLeaving(call, this.#refusal);
    this.#running.add(call);
    return call;
  }

  #refuseLeaving(call: RunningCall, refusal: ServiceError): void {
    call.refusal = refusal;
    const { service, endpoint } = call.route ?? unknownRoute;
    this.#parts.telemetry.shed.add(1, { service, endpoint, reason: 'draining', priority: call.priority });
  }

  #beginAdmitted(call: RunningCall, now: number): void {
    call.admitted = true;
    this.#begin(call);
    // Only what takes time without keeping the thread says anything about how many can run at once.
    if (!call.runs || now < this.#nextTimedAt || !this.#admission.adapts) return;
    this.#nextTimedAt = now + timedEveryMs;
    call.timedFrom = now;
  }

  #begin(call: RunningCall): void {
    runInContext(call.context, this.#serveInContext, call);
    // What is over already needs nobody to watch its time.
    if (call.runs && call.wheelSlot < 0) this.#deadlines.add(call);
  }

  readonly #serveInContext = (call: RunningCall): void => {
    try {
      const reply = this.#early === undefined ? this.#serve(call, undefined) : this.#serveAround(this.#early, call);
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
    if (call.refusal !== undefined) throw call.refusal;
    const { incoming, route } = call;
    if (call.isLate) throw deadlinePassed();
    if (route === undefined) throw this.#parts.router.missing(incoming);
    if (incoming.kind !== undefined && incoming.kind !== route.kind)
      throw otherKind(route.endpoint, route.kind, incoming.kind);
    if (incoming.metadata === noMetadata || this.#outcomes === undefined) return route.serve(call, seen);
    const key = incoming.metadata[callMetadata.idempotencyKey];
    return key === undefined || route.kind !== 'unary'
      ? route.serve(call, seen)
      : this.#serveOnce(this.#outcomes, call, route, key, seen);
  }

  #serveOnce(
    outcomes: KeptOutcomes,
    call: RunningCall,
    route: CallRoute,
    key: string,
    seen: SeenCall | undefined,
  ): Promise<Reply> {
    return outcomes.once({
      service: route.service,
      endpoint: route.endpoint,
      key,
      identity: call.incoming.peer.identity,
      run: () => {
        call.shared = true;
        return route.serve(call, seen);
      },
      judge: (thrown) => call.judge(thrown),
      joins: () => call.joins(),
    });
  }

  #becameIdle(): void {
    const waiting = this.#idle;
    this.#idle = [];
    this.#stopTimers();
    for (const resolve of waiting) resolve();
  }

  #stopTimers(): void {
    this.#deadlines.close();
    this.#admission.close();
  }
}

/** Names that callers make up are not counted one by one. */
const unknownRoute = Object.freeze({ service: 'unknown', endpoint: 'unknown' });

/** A hundred times a second is enough to learn how long calls take, and costs nothing. */
const timedEveryMs = 10;

function deadlinePassed(): ServiceError {
  return ServiceError.refusal('DeadlineExceeded', 'the deadline passed before the call began');
}

function otherKind(endpoint: string, kind: EndpointKind, called: EndpointKind): ServiceError {
  const what = (name: EndpointKind): string =>
    name === 'bidi' ? 'a bidirectional stream' : `a ${name} ${name === 'unary' ? 'call' : 'stream'}`;
  return ServiceError.refusal('Unimplemented', `${endpoint} is ${what(kind)} and was called as ${what(called)}`, {
    executed: 'no',
  });
}
