import { ServiceError } from '@tenon/contract';

/** The replies of a stream on their way to the caller: what is borrowed for them is given back when they end. */
export class ReplyMessages implements AsyncIterableIterator<unknown> {
  readonly #source: AsyncIterator<unknown>;
  #onEnd: ((error: ServiceError | undefined) => ServiceError | undefined) | undefined;

  /** @param onEnd - told once how they ended; gives the error as the caller gets it. */
  constructor(source: AsyncIterator<unknown>, onEnd: (error: ServiceError | undefined) => ServiceError | undefined) {
    this.#source = source;
    this.#onEnd = onEnd;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    return this.#source.next().then(this.#onResult, this.#onThrown);
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

  readonly #onResult = (result: IteratorResult<unknown>): IteratorResult<unknown> => {
    if (result.done === true) this.#end(undefined);
    return result;
  };

  readonly #onThrown = (thrown: unknown): never => {
    const error = ServiceError.from(thrown);
    throw this.#end(error) ?? error;
  };

  #end(error: ServiceError | undefined): ServiceError | undefined {
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    return onEnd?.(error);
  }
}
