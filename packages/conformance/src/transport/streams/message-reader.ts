import { kept } from './kept.js';

/** Reads messages at the pace of a case, and keeps what it took. */
export class MessageReader {
  readonly taken: unknown[] = [];
  readonly #messages: AsyncIterable<unknown>;
  readonly #bounded: <T>(promise: Promise<T>, what: string) => Promise<T>;
  #iterator: AsyncIterator<unknown> | undefined;
  #waiting = 0;

  constructor(
    messages: AsyncIterable<unknown>,
    bounded: <T>(promise: Promise<T>, what: string) => Promise<T> = (promise) => promise,
  ) {
    this.#messages = messages;
    this.#bounded = bounded;
  }

  /** Whether a message was asked for that has not come, nor the end. */
  get waiting(): boolean {
    return this.#waiting > 0;
  }

  /** Takes so many messages, or fewer where the end comes first. */
  take(count: number): Promise<readonly unknown[]> {
    return kept(this.#bounded(kept(this.#take(count)), `the next ${count} messages`));
  }

  /** Takes what is left, up to the end. Rejects where the messages end in an error. */
  rest(): Promise<readonly unknown[]> {
    return kept(this.#bounded(kept(this.#take(Number.POSITIVE_INFINITY)), 'the end of the messages'));
  }

  /** Wants no more, as `break` does. */
  async leave(): Promise<void> {
    await this.#bounded(Promise.resolve(this.#open().return?.()), 'leaving the messages');
  }

  async #take(count: number): Promise<readonly unknown[]> {
    const iterator = this.#open();
    const taken: unknown[] = [];
    while (taken.length < count) {
      this.#waiting += 1;
      const { value, done } = await iterator.next().finally(() => {
        this.#waiting -= 1;
      });
      if (done === true) break;
      taken.push(value);
      this.taken.push(value);
    }
    return taken;
  }

  #open(): AsyncIterator<unknown> {
    this.#iterator ??= this.#messages[Symbol.asyncIterator]();
    return this.#iterator;
  }
}
