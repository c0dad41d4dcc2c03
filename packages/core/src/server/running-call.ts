import {
  type BuildPlan,
  type Clock,
  type EndpointKind,
  type IncomingCall,
  type Logger,
  type Peer,
  type Priority,
  type Reply,
  type Schema,
  type ServedCall,
  ServiceError,
} from '@tenon/contract';
import { type DeadlineEntry, nextMessage } from '@tenon/contract/authoring';
import { CallContext } from '../context/index.js';
import type { Target } from '../interceptors/chain.js';
import type { SeenCall } from '../interceptors/seen-call.js';
import type { AdmittedCall } from '../overload/admission.js';
import type { Waiting } from '../overload/call-queue.js';
import { CallMessages, type MessageSteps } from './call-messages.js';
import { handlerError } from './handler-error.js';
import type { Placed } from './running-calls.js';

/** Where a call goes: the way of its endpoint. */
export interface CallRoute {
  readonly node: string;
  readonly service: string;
  readonly endpoint: string;
  readonly kind: EndpointKind;
  /** How important its calls are whose callers say nothing. */
  readonly priority: Priority | undefined;
  /** Serves one call, at once or by a promise. */
  serve(call: RunningCall, seen: SeenCall | undefined): Reply | Promise<Reply>;
  /** Has the endpoint's handler answer what its interceptors let through. */
  handle(call: RunningCall, request: unknown): Reply | Promise<Reply>;
}

/** What every call of a dispatcher shares. */
export interface CallKeeper {
  readonly clock: Clock;
  readonly logger: Logger;
  /** A call that waited for its turn was answered meanwhile, with that error. */
  leftLine(call: RunningCall, reason: ServiceError): void;
  /** Told once when nothing of a call runs any more. */
  ended(call: RunningCall): void;
}

/**
 * One call from its arrival until nothing of it runs any more: how it stands, who is to be answered, and what it takes
 * to end it early.
 *
 * Cancelling answers the caller at once; the handler, which may take its time to notice, still counts as running.
 */
export class RunningCall implements ServedCall, DeadlineEntry, Placed, MessageSteps, Target, AdmittedCall<RunningCall> {
  readonly incoming: IncomingCall;
  readonly route: CallRoute | undefined;
  readonly context: CallContext;
  place = -1;
  wheelSlot = -1;
  wheelNext: DeadlineEntry | undefined = undefined;
  wheelPrevious: DeadlineEntry | undefined = undefined;
  /** Why it is turned away; where it is there, the handler is not reached. */
  refusal: ServiceError | undefined = undefined;
  waiting: Waiting<RunningCall> | undefined = undefined;
  /** Whether it counts against the server's concurrency, until it has ended. */
  admitted = false;
  /** When it began, where the time that it takes is wanted. */
  timedFrom: number | undefined = undefined;
  /** Others may wait for its outcome: once its handler has begun, it goes on though its caller has left. */
  shared = false;
  readonly #keeper: CallKeeper;
  #handlerStarted = false;
  #answered = false;
  /** What of it still runs: serving it, and where it streams its replies these. */
  #runningParts = 1;
  #failure: ServiceError | undefined;
  #requests: CallMessages | undefined;
  #replies: CallMessages | undefined;

  /** @param isLate - its time had run out before it arrived. */
  constructor(
    incoming: IncomingCall,
    route: CallRoute | undefined,
    deadline: number,
    readonly isLate: boolean,
    keeper: CallKeeper,
  ) {
    this.incoming = incoming;
    this.route = route;
    this.#keeper = keeper;
    this.context = new CallContext({
      service: route?.service ?? incoming.service,
      endpoint: route?.endpoint ?? incoming.endpoint,
      metadata: incoming.metadata,
      deadline,
      peer: incoming.peer,
      node: route?.node,
      clock: keeper.clock,
      priority: route?.priority,
    });
  }

  get deadline(): number {
    return this.context.deadline;
  }

  get service(): string {
    return this.context.service;
  }

  get endpoint(): string {
    return this.context.endpoint;
  }

  get priority(): Priority {
    return this.context.priority;
  }

  get sender(): Peer {
    return this.incoming.peer;
  }

  /** Whether anything of it still does. */
  get runs(): boolean {
    return this.#runningParts > 0;
  }

  /** What the interceptors of its endpoint lead to. */
  reach({ messages, value }: SeenCall): Reply | Promise<Reply> {
    return (this.route as CallRoute).handle(this, messages ?? value);
  }

  /** From here on the call counts as executed. Throws where it has been cancelled. */
  begin(): void {
    if (this.context.canceled !== undefined) throw this.context.canceled;
    this.#handlerStarted = true;
  }

  /** The requests of a stream, each decoded and then checked by `validate`, or both at once by the plan. */
  requests(
    schema: Schema | undefined,
    validate: ((value: unknown) => unknown) | undefined,
    plan: BuildPlan | undefined,
  ): CallMessages {
    const source = this.incoming.messages(schema, plan)[Symbol.asyncIterator]();
    this.#requests = new CallMessages(source, this.context, { take: validate, failure: requestsFailed });
    return this.#requests;
  }

  /** A reply of many messages, once the first is there: until then a failure is that of the call. */
  replies(source: AsyncIterator<unknown>, schema: Schema | undefined): Promise<Reply> {
    const replies = new CallMessages(source, this.context, this);
    this.#replies = replies;
    this.#runningParts += 1;
    // The caller may have left while the handler still made up its stream.
    if (this.context.canceled !== undefined) replies.cancel(this.context.canceled);
    return new Promise((resolve, reject) => {
      const begin = (first: IteratorResult<unknown>): void => {
        this.context.beginReply();
        replies.unread(first);
        resolve({ value: undefined, messages: replies, metadata: this.context.replyMetadata, schema });
      };
      replies[nextMessage]({
        message: (value) => begin({ done: false, value }),
        ended: () => begin({ done: true, value: undefined }),
        failed: reject,
      });
    });
  }

  /** The error that ends the replies, for what the handler's stream threw. */
  failure(thrown: unknown): ServiceError {
    return this.#errorOf(thrown);
  }

  /** The handler's stream of replies runs no more. */
  ended(): void {
    this.#partEnded();
  }

  /** What serving the call came to. */
  succeed(reply: Reply): void {
    // An interceptor that answers something else keeps the handler's replies from everyone.
    if (reply.messages === undefined) void this.#replies?.return();
    this.#partEnded();
    if (this.#answered) return;
    this.#answered = true;
    this.incoming.reply(reply);
  }

  fail(thrown: unknown): void {
    const error = this.#errorOf(thrown);
    this.#replies?.cancel(error);
    this.#partEnded();
    if (this.#answered) return;
    this.#answered = true;
    this.incoming.fail(error);
  }

  /** Its caller has left. */
  cancel(reason: ServiceError): void {
    if (this.shared && this.#handlerStarted) this.#answered = true;
    else this.stop(reason);
  }

  /** Ends it, and answers its caller. */
  stop(reason: ServiceError): void {
    const { context } = this;
    if (context.canceled !== undefined || this.#runningParts === 0) return;
    context.cancel(reason);
    this.#requests?.cancel(reason);
    this.#replies?.cancel(reason.with({ executed: 'maybe' }));
    if (this.#answered) return;
    this.#answered = true;
    const failure = reason.with({ executed: this.#handlerStarted ? 'maybe' : 'no' });
    this.incoming.fail(failure);
    if (this.waiting !== undefined) this.#keeper.leftLine(this, failure);
  }

  onDeadline(): void {
    const when = this.waiting === undefined ? 'during the call' : 'while the call waited for its turn';
    this.stop(new ServiceError('DeadlineExceeded', `the deadline passed ${when}`));
  }

  /** It shares the outcome of an earlier run, so that from here on nobody can say that nothing was done. */
  joins(): void {
    this.begin();
  }

  /** What its caller is told about something that was thrown. The same again for what this returned. */
  judge(thrown: unknown): ServiceError {
    return this.#errorOf(thrown);
  }

  #partEnded(): void {
    this.#runningParts -= 1;
    if (this.#runningParts === 0) this.#keeper.ended(this);
  }

  /** An error of the replies comes by here twice where it ends the call, and is judged once. */
  #errorOf(thrown: unknown): ServiceError {
    if (this.#failure !== undefined && thrown === this.#failure) return this.#failure;
    const { context } = this;
    this.#failure = handlerError(thrown, { handlerStarted: this.#handlerStarted, context }, this.#keeper.logger);
    return this.#failure;
  }
}

function requestsFailed(thrown: unknown): ServiceError {
  return ServiceError.from(thrown).with({ executed: 'yes' });
}
