import { ServiceError } from '@tenon/contract';
import {
  type MessageSource,
  type MessageTaker,
  messageSource,
  NextPromises,
  nextMessage,
} from '@tenon/contract/authoring';

/** The replies of a stream on their way to the caller: what is borrowed for them is given back when they end. */
export class ReplyMessages implements AsyncIterableIterator<unknown>, MessageSource, MessageTaker {
  readonly #source: MessageSource;
  #onEnd: ((error: ServiceError | undefined) => ServiceError | undefined) | undefined;
  #borrowed: { release(): void } | undefined;
  #ended = false;
  #taker: MessageTaker | undefined;
  #promises: NextPromises | undefined;

  /** @param onEnd - told once how they ended; gives the error as the caller gets it. */
  constructor(source: AsyncIterator<unknown>, onEnd: (error: ServiceError | undefined) => ServiceError | undefined) {
    this.#source = messageSource(source);
    this.#onEnd = onEnd;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    this.#promises ??= new NextPromises(this);
    return this.#promises.next();
  }

  [nextMessage](taker: MessageTaker): void {
    this.#taker = taker;
    this.#source[nextMessage](this);
  }

  /** Releases this too when they end, behind what was borrowed first. */
  alsoRelease(borrowed: { release(): void }): void {
    if (this.#ended) borrowed.release();
    else this.#borrowed = borrowed;
  }

  /** The caller leaves: the call is cancelled. */
  async return(): Promise<IteratorResult<unknown>> {
    try {
      await this.#source.return?.();
    } finally {
      this.#end(undefined);
    }
    return { done: true, value: undefined };
  }

  message(value: unknown): void {
    this.#taker?.message(value);
  }

  ended(): void {
    this.#end(undefined);
    this.#taker?.ended();
  }

  failed(thrown: unknown): void {
    const error = ServiceError.from(thrown);
    this.#taker?.failed(this.#end(error) ?? error);
  }

  #end(error: ServiceError | undefined): ServiceError | undefined {
    const onEnd = this.#onEnd;
    const borrowed = this.#borrowed;
    this.#onEnd = undefined;
    this.#borrowed = undefined;
    this.#ended = true;
    try {
      return onEnd?.(error);
    } finally {
      borrowed?.release();
    }
  }
}

/** Nobody gets these replies: the stream ends, and what it has on loan is given back. */
export function leave(replies: AsyncIterable<unknown> | undefined): void {
  // Whoever would have read them has an error of its own already.
  replies?.[Symbol.asyncIterator]()
    .return?.()
    .then(undefined, () => {});
}
