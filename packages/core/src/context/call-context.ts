import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type CancelListener,
  type Cancellation,
  type Clock,
  checkedMetadata,
  type Delivery,
  type Metadata,
  noMetadata,
  type Peer,
  type Priority,
  ServiceError,
} from '@tenon/contract';
import { attemptOf, priorityOf } from './sent-by-caller.js';

/** What a context is made from: a call or an event, as the server got it. */
export interface CallContextInit {
  readonly service: string;
  readonly endpoint: string;
  readonly metadata: Metadata;
  readonly deadline: number;
  readonly peer: Peer | undefined;
  readonly node: string | undefined;
  readonly clock: Clock;
  /** What the endpoint says for callers that say nothing. */
  readonly priority?: Priority | undefined;
  /** The event that is handled, where it is none of a call. */
  readonly delivery?: Delivery | undefined;
  /** The subscription that it came by. */
  readonly subscription?: EventSubscription | undefined;
}

/** The subscription that an event came by. */
export interface EventSubscription {
  /** `Mails.onOrderPlaced` */
  readonly name: string;
  /** As it was subscribed to: a topic or a pattern. */
  readonly topic: string;
  /** Whose members share the events; undefined where each instance gets all of them. */
  readonly queue: string | undefined;
}

/**
 * What a handler, and everything it awaits, can know about the call or event being served.
 *
 * Get it with {@link callContext}. It is kept by `AsyncLocalStorage`, so it need not be passed along.
 */
export class CallContext implements Cancellation {
  readonly service: string;
  /** `Greeter.Hello`, or the topic of an event. */
  readonly endpoint: string;
  /** What the caller sent. Not sent on by calls made from here unless they are told to. */
  readonly metadata: Metadata;
  /** When the call must have ended, in milliseconds of `Clock.now()`; `Infinity` for an event and an endless stream. */
  readonly deadline: number;
  /** Who called; undefined for an event. */
  readonly peer: Peer | undefined;
  /** The id of the node that serves the call: this one, as the registry knows it. */
  readonly node: string | undefined;
  /** The event as it came, with its id, time and topic; undefined for a call. */
  readonly delivery: Delivery | undefined;
  /** The subscription that the event came by; undefined for a call. */
  readonly subscription: EventSubscription | undefined;
  readonly #clock: Clock;
  readonly #priority: Priority | undefined;
  #listeners: Set<CancelListener> | undefined;
  #replyMetadata: Record<string, string> | undefined;
  #requestId: string | undefined;
  #controller: AbortController | undefined;
  #canceled: ServiceError | undefined;
  #replyBegun = false;

  constructor(init: CallContextInit) {
    this.service = init.service;
    this.endpoint = init.endpoint;
    this.metadata = init.metadata;
    this.deadline = init.deadline;
    this.peer = init.peer;
    this.node = init.node;
    this.delivery = init.delivery;
    this.subscription = init.subscription;
    this.#clock = init.clock;
    this.#priority = init.priority;
  }

  /** Milliseconds until the deadline, never negative; `Infinity` where there is none. */
  get timeLeftMs(): number {
    return Math.max(0, this.deadline - this.#clock.now());
  }

  /** Aborted when the caller cancels, its connection ends, or the deadline passes. Made at the first look at it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#canceled !== undefined) this.#controller.abort(this.#canceled);
    }
    return this.#controller.signal;
  }

  /** The caller's `x-request-id`, or an id made here. The same for the whole call; log lines carry it. */
  get requestId(): string {
    this.#requestId ??= this.metadata['x-request-id'] ?? crypto.randomUUID();
    return this.#requestId;
  }

  /** How important the call is: by its caller's word, else by its endpoint's policy, else `normal`. */
  get priority(): Priority {
    return priorityOf(this.metadata, this.#priority);
  }

  /** Which attempt of its caller the call is; 1 unless the caller tried before. Of an event: how often it came. */
  get attempt(): number {
    return this.delivery?.attempt ?? attemptOf(this.metadata);
  }

  /** Why the call was cancelled, if it was. Cheaper to ask than `signal`. */
  get canceled(): ServiceError | undefined {
    return this.#canceled;
  }

  /**
   * Adds a pair to the reply's metadata; the same key again replaces it. Of a stream it goes ahead of the first message.
   *
   * @throws ServiceError `InvalidArgument` for a key or value that no wire could carry, `ResourceExhausted` for too many,
   * `FailedPrecondition` after the first message; with `executed: 'yes'`, because it is the handler that runs.
   */
  setReplyMetadata(key: string, value: string): void {
    try {
      if (this.#replyBegun) throw tooLate(key);
      this.#replyMetadata = checkedMetadata({ ...this.#replyMetadata, [key.toLowerCase()]: value });
    } catch (thrown) {
      throw ServiceError.from(thrown).with({ executed: 'yes' });
    }
  }

  get replyMetadata(): Metadata {
    return this.#replyMetadata ?? noMetadata;
  }

  /** The reply's metadata is on its way. The server calls this. */
  beginReply(): void {
    this.#replyBegun = true;
  }

  listen(listener: CancelListener): void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
  }

  unlisten(listener: CancelListener): void {
    this.#listeners?.delete(listener);
  }

  /** Ends the call for everyone who listens. The first reason stays. The server calls this. */
  cancel(reason: ServiceError): void {
    if (this.#canceled !== undefined) return;
    this.#canceled = reason;
    this.#controller?.abort(reason);
    const listeners = this.#listeners;
    if (listeners === undefined) return;
    // Telling one may make another stop listening.
    for (const listener of [...listeners]) if (listeners.delete(listener)) listener.onCancel(reason);
  }
}

function tooLate(key: string): ServiceError {
  return new ServiceError(
    'FailedPrecondition',
    `reply metadata "${key}" was set after the first message of the stream, which it goes ahead of`,
  );
}

/**
 * The context of the call or event that the running code serves.
 *
 * @throws ServiceError `FailedPrecondition` outside of a handler; {@link currentCall} answers undefined there instead.
 */
export function callContext(): CallContext {
  const context = calls.getStore();
  if (context !== undefined) return context;
  throw new ServiceError(
    'FailedPrecondition',
    'callContext() was called outside of an endpoint or subscription handler',
    {
      executed: 'no',
    },
  );
}

/** The context of the call or event that the running code serves, if it serves one. */
export function currentCall(): CallContext | undefined {
  return calls.getStore();
}

/** Runs `body` so that everything in it, also what it awaits, sees `context`. An argument spares it a closure. */
export function runInContext<T, A = undefined>(context: CallContext, body: (argument: A) => T, argument?: A): T {
  return calls.run(context, body, argument as A);
}

/**
 * Runs `body` outside of the call being served, if there is one: for what a call begins and others share, such as a
 * connection or a watch. It would keep the first call's context alive, and log under its request id, long after its end.
 */
export function runOutsideCalls<T>(body: () => T): T {
  return calls.run(undefined, body);
}

// One storage for the process: it holds nothing itself, each call brings its own context, whichever app serves it.
const calls = new AsyncLocalStorage<CallContext | undefined>();
