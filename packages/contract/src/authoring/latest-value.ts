/**
 * Hands the newest of a series of values to one reader: a slow reader skips what was replaced meanwhile.
 *
 * The reader is an async iteration; leaving it (or `end`) calls `onEnd` once, so that whoever feeds it can stop.
 */
export class LatestValue<T> implements AsyncIterableIterator<T> {
  #pending: { readonly value: T } | undefined;
  #waiting: ((result: IteratorResult<T>) => void) | undefined;
  #ended = false;
  readonly #onEnd: () => void;

  constructor(onEnd: () => void = () => {}) {
    this.#onEnd = onEnd;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Offers a value. After the end it is dropped. */
  set(value: T): void {
    if (this.#ended) return;
    const waiting = this.#waiting;
    if (waiting === undefined) {
      this.#pending = { value };
      return;
    }
    this.#waiting = undefined;
    waiting({ value, done: false });
  }

  /** Ends the iteration without an error; a value that was not read yet is dropped. Twice is fine. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#pending = undefined;
    this.#waiting?.({ value: undefined, done: true });
    this.#waiting = undefined;
    this.#onEnd();
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    const pending = this.#pending;
    if (pending !== undefined) {
      this.#pending = undefined;
      return Promise.resolve({ value: pending.value, done: false });
    }
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  return(): Promise<IteratorResult<T>> {
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
