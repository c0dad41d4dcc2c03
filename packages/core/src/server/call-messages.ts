import type { ServiceError } from '@tenon/contract';
import { type CallContext, runInContext } from '../context/index.js';

/** What is done with the messages of one direction of a stream on their way. */
export interface MessageSteps {
  /** Each message as it goes on, or a promise of it; what it throws ends the iteration. Absent: as it came. */
  readonly take?: ((message: unknown) => unknown) | undefined;
  /** The error to end the iteration with, for what the source or `take` threw. */
  readonly failure: (thrown: unknown) => ServiceError;
  /** Called once when the source has ended, for whatever reason, and runs no more. */
  readonly ended?: (() => void) | undefined;
}

/**
 * One direction of a stream, on its way between a transport and a handler: the iteration ends when the call does,
 * whatever its source is doing then.
 *
 * The source runs in the call's context, so that a generator sees it also when a transport drives it.
 */
export class CallMessages implements AsyncIterableIterator<unknown> {
  readonly #source: AsyncIterator<unknown>;
  readonly #context: CallContext;
  readonly #steps: MessageSteps;
  #resolve: (result: IteratorResult<unknown>) => void = ignore;
  #reject: (error: ServiceError) => void = ignore;
  #unread: IteratorResult<unknown> | undefined;
  /** The one that is under way, behind which further ones queue. */
  #pulling: Promise<IteratorResult<unknown>> | undefined;
  #failure: ServiceError | undefined;
  #over = false;
  #sourceEnded = false;
  #endingSource: Promise<void> | undefined;

  constructor(source: AsyncIterator<unknown>, context: CallContext, steps: MessageSteps) {
    this.#source = source;
    this.#context = context;
    this.#steps = steps;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.#pulling !== undefined) return this.#pulling.then(this.#nextAgain, this.#nextAgain);
    if (this.#over) return Promise.resolve(done);
    if (this.#unread !== undefined) return Promise.resolve(this.#takeUnread(this.#unread));
    if (this.#failure !== undefined) return this.#rejectOnce(this.#failure);
    const pulling = new Promise(this.#capture);
    this.#pulling = pulling;
    runInContext(this.#context, pull, this);
    return pulling;
  }

  /** Gives back what `next` had yielded, so that it yields it again. */
  unread(result: IteratorResult<unknown>): void {
    this.#unread = result;
  }

  /** The consumer leaves: its source is returned from. */
  async return(): Promise<IteratorResult<unknown>> {
    this.#over = true;
    this.#settle(done);
    await this.#endSource();
    return done;
  }

  /** The call has ended: whoever waits for a message gets its reason, and the source is returned from. */
  cancel(reason: ServiceError): void {
    if (this.#over || this.#failure !== undefined) return;
    this.#settleFailure(reason);
    void this.#endSource();
  }

  /** Pulls one message from the source; a part of `next`. */
  pull(): void {
    try {
      this.#source.next().then(this.#onResult, this.#onThrown);
    } catch (thrown) {
      this.#onThrown(thrown);
    }
  }

  readonly #capture = (resolve: (result: IteratorResult<unknown>) => void, reject: (error: unknown) => void): void => {
    this.#resolve = resolve;
    this.#reject = reject;
  };

  readonly #nextAgain = (): Promise<IteratorResult<unknown>> => this.next();

  readonly #onResult = (result: IteratorResult<unknown>): void => {
    if (result.done === true) {
      this.#over = true;
      this.#markSourceEnded();
      this.#settle(done);
      return;
    }
    const { take } = this.#steps;
    if (take === undefined) {
      this.#settle(result);
      return;
    }
    try {
      const taken = take(result.value);
      if (!(taken instanceof Promise)) this.#settle({ done: false, value: taken });
      else taken.then((value) => this.#settle({ done: false, value }), this.#onRefused);
    } catch (thrown) {
      this.#onRefused(thrown);
    }
  };

  /** The source itself failed. */
  readonly #onThrown = (thrown: unknown): void => {
    this.#markSourceEnded();
    const error = this.#steps.failure(thrown);
    if (this.#failure === undefined) this.#settleFailure(error);
  };

  /** A message was refused; the source does not know. */
  readonly #onRefused = (thrown: unknown): void => {
    if (this.#failure === undefined) this.#settleFailure(this.#steps.failure(thrown));
    void this.#endSource();
  };

  #takeUnread(result: IteratorResult<unknown>): IteratorResult<unknown> {
    this.#unread = undefined;
    return result;
  }

  #settle(result: IteratorResult<unknown>): void {
    const resolve = this.#resolve;
    this.#forget();
    resolve(result);
  }

  #settleFailure(error: ServiceError): void {
    this.#failure = error;
    const reject = this.#reject;
    const waiting = this.#pulling !== undefined;
    this.#forget();
    if (!waiting) return;
    this.#over = true;
    reject(error);
  }

  #forget(): void {
    this.#pulling = undefined;
    this.#resolve = ignore;
    this.#reject = ignore;
  }

  #rejectOnce(error: ServiceError): Promise<never> {
    this.#over = true;
    return Promise.reject(error);
  }

  /** Waits for it to run its `finally`, which a generator does only once it gets there. */
  #endSource(): Promise<void> {
    this.#endingSource ??= this.#sourceEnded ? Promise.resolve() : this.#leaveSource();
    return this.#endingSource;
  }

  async #leaveSource(): Promise<void> {
    try {
      await runInContext(this.#context, returnFrom, this.#source);
    } catch (thrown) {
      this.#steps.failure(thrown);
    } finally {
      this.#markSourceEnded();
    }
  }

  #markSourceEnded(): void {
    if (this.#sourceEnded) return;
    this.#sourceEnded = true;
    this.#steps.ended?.();
  }
}

function pull(messages: CallMessages): void {
  messages.pull();
}

function returnFrom(source: AsyncIterator<unknown>): unknown {
  return source.return?.();
}

function ignore(): void {}

const done: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });
