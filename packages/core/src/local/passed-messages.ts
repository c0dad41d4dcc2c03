/** The messages of one direction of a stream, each carried across as it is asked for. */
export class PassedMessages implements AsyncIterableIterator<unknown> {
  readonly #source: AsyncIterator<unknown>;
  readonly #pass: (message: unknown) => unknown;
  readonly #ended: (thrown?: unknown) => void;

  /** @param ended - told when they have ended, and what the source threw, if it did; more than once is fine. */
  constructor(source: AsyncIterator<unknown>, pass: (message: unknown) => unknown, ended: (thrown?: unknown) => void) {
    this.#source = source;
    this.#pass = pass;
    this.#ended = ended;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    return this.#source.next().then(this.#onResult, this.#onThrown);
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.#ended();
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  readonly #onResult = (result: IteratorResult<unknown>): IteratorResult<unknown> | Promise<never> => {
    if (result.done === true) {
      this.#ended();
      return result;
    }
    try {
      return { done: false, value: this.#pass(result.value) };
    } catch (thrown) {
      // Who sends what cannot be carried has ended the stream.
      return this.return().then(() => {
        throw thrown;
      });
    }
  };

  readonly #onThrown = (thrown: unknown): never => {
    this.#ended(thrown);
    throw thrown;
  };
}
