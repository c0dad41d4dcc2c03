/** Whom the messages of a stream are told, one by one: each time it asked, one of the three. */
export interface MessageTaker {
  message(value: unknown): void;
  /** There are no more. */
  ended(): void;
  /** The iteration ended with an error. */
  failed(thrown: unknown): void;
}

/** The name of what an iterator has beside `next`, where it is a {@link MessageSource}. */
export const nextMessage: unique symbol = Symbol.for('tenon.nextMessage');

/**
 * Messages that can be had without a promise for each: between two parts of the framework a promise is only a detour, and a
 * dear one while something follows each promise's context.
 *
 * For one reader, who asks for the next message when it was told the last.
 */
export interface MessageSource {
  /** Tells `taker` what `next()` would resolve with: at once where it is known, else when it is. Does not throw. */
  [nextMessage](taker: MessageTaker): void;
  /** The reader leaves, as of any iterator. */
  return?(): Promise<IteratorResult<unknown>> | undefined;
}

/** Any iterator as a source: itself where it is one. */
export function messageSource(iterator: AsyncIterator<unknown>): MessageSource {
  return isMessageSource(iterator) ? iterator : new IteratorSource(iterator);
}

/** `next()` of a source: a promise for each message. Further calls wait for those before them. */
export class NextPromises implements MessageTaker {
  readonly #source: MessageSource;
  #pending: Promise<IteratorResult<unknown>> | undefined;
  #resolve: ((result: IteratorResult<unknown>) => void) | undefined;
  #reject: ((thrown: unknown) => void) | undefined;

  constructor(source: MessageSource) {
    this.#source = source;
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.#pending !== undefined) {
      const again = (): Promise<IteratorResult<unknown>> => this.next();
      return this.#pending.then(again, again);
    }
    const pending = new Promise<IteratorResult<unknown>>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#pending = pending;
    this.#source[nextMessage](this);
    return pending;
  }

  message(value: unknown): void {
    this.#pending = undefined;
    this.#resolve?.({ value, done: false });
  }

  ended(): void {
    this.#pending = undefined;
    this.#resolve?.({ value: undefined, done: true });
  }

  failed(thrown: unknown): void {
    this.#pending = undefined;
    this.#reject?.(thrown);
  }
}

/** An iterator that knows of promises only. */
class IteratorSource implements MessageSource {
  readonly #iterator: AsyncIterator<unknown>;
  #taker: MessageTaker | undefined;

  constructor(iterator: AsyncIterator<unknown>) {
    this.#iterator = iterator;
  }

  [nextMessage](taker: MessageTaker): void {
    this.#taker = taker;
    try {
      this.#iterator.next().then(this.#onResult, this.#onThrown);
    } catch (thrown) {
      this.#onThrown(thrown);
    }
  }

  return(): Promise<IteratorResult<unknown>> | undefined {
    return this.#iterator.return?.();
  }

  readonly #onResult = (result: IteratorResult<unknown>): void => {
    const taker = this.#taker as MessageTaker;
    if (result.done === true) taker.ended();
    else taker.message(result.value);
  };

  readonly #onThrown = (thrown: unknown): void => {
    (this.#taker as MessageTaker).failed(thrown);
  };
}

function isMessageSource(iterator: object): iterator is MessageSource {
  return nextMessage in iterator;
}
