import { Built, type ServiceError } from '@tenon/contract';
import {
  type MessageSource,
  type MessageTaker,
  messageSource,
  NextPromises,
  nextMessage,
} from '@tenon/contract/authoring';
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
export class CallMessages implements AsyncIterableIterator<unknown>, MessageSource, MessageTaker {
  readonly #source: MessageSource;
  readonly #context: CallContext;
  readonly #steps: MessageSteps;
  /** Whether the source is a part of the framework, in which nobody looks for the context. */
  readonly #asksPart: boolean;
  /** Who was told of no message since it asked. */
  #taker: MessageTaker | undefined;
  #promises: NextPromises | undefined;
  #unread: IteratorResult<unknown> | undefined;
  #failure: ServiceError | undefined;
  #over = false;
  #sourceEnded = false;
  #endingSource: Promise<void> | undefined;

  constructor(source: AsyncIterator<unknown>, context: CallContext, steps: MessageSteps) {
    this.#source = messageSource(source);
    this.#asksPart = nextMessage in source;
    this.#context = context;
    this.#steps = steps;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    this.#promises ??= new NextPromises(this);
    return this.#promises.next();
  }

  [nextMessage](taker: MessageTaker): void {
    if (this.#over) taker.ended();
    else if (this.#unread !== undefined) this.#tellUnread(this.#unread, taker);
    else if (this.#failure !== undefined) {
      this.#over = true;
      taker.failed(this.#failure);
    } else {
      this.#taker = taker;
      if (this.#asksPart) this.ask();
      else runInContext(this.#context, ask, this);
    }
  }

  /** Gives back what `next` had yielded, so that it yields it again. */
  unread(result: IteratorResult<unknown>): void {
    this.#unread = result;
  }

  /** The consumer leaves: its source is returned from. */
  async return(): Promise<IteratorResult<unknown>> {
    this.#over = true;
    this.#released()?.ended();
    await this.#endSource();
    return done;
  }

  /** The call has ended: whoever waits for a message gets its reason, and the source is returned from. */
  cancel(reason: ServiceError): void {
    if (this.#over || this.#failure !== undefined) return;
    this.#fail(reason);
    void this.#endSource();
  }

  /** Asks the source for one message; a part of asking this for one. */
  ask(): void {
    this.#source[nextMessage](this);
  }

  message(value: unknown): void {
    const { take } = this.#steps;
    if (take === undefined || value instanceof Built) {
      this.#released()?.message(value instanceof Built ? value.value : value);
      return;
    }
    try {
      // A source that tells it later is not in the context any more.
      const taken = runInContext(this.#context, take, value);
      if (taken instanceof Promise) {
        taken.then(
          (checked) => this.#released()?.message(checked),
          (thrown) => this.#refuse(thrown),
        );
      } else this.#released()?.message(taken);
    } catch (thrown) {
      this.#refuse(thrown);
    }
  }

  ended(): void {
    this.#over = true;
    this.#markSourceEnded();
    this.#released()?.ended();
  }

  /** The source itself failed. */
  failed(thrown: unknown): void {
    this.#markSourceEnded();
    const error = this.#steps.failure(thrown);
    if (this.#failure === undefined) this.#fail(error);
  }

  /** A message was refused; the source does not know. */
  #refuse(thrown: unknown): void {
    if (this.#failure === undefined) this.#fail(this.#steps.failure(thrown));
    void this.#endSource();
  }

  #tellUnread(result: IteratorResult<unknown>, taker: MessageTaker): void {
    this.#unread = undefined;
    if (result.done === true) taker.ended();
    else taker.message(result.value);
  }

  #fail(error: ServiceError): void {
    this.#failure = error;
    const taker = this.#released();
    if (taker === undefined) return;
    this.#over = true;
    taker.failed(error);
  }

  /** Who waited for a message, and does not any more. */
  #released(): MessageTaker | undefined {
    const taker = this.#taker;
    this.#taker = undefined;
    return taker;
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

function ask(messages: CallMessages): void {
  messages.ask();
}

function returnFrom(source: MessageSource): unknown {
  return source.return?.();
}

const done: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });
