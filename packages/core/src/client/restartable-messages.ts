/**
 * The requests of a stream, so kept that another attempt can begin with the first of them: until the server has said
 * something, and as long as there are few.
 */
export class RestartableMessages implements AsyncIterable<unknown> {
  readonly #source: AsyncIterator<unknown>;
  #kept: unknown[] | undefined = [];
  #pulling: Promise<IteratorResult<unknown>> | undefined;
  #begun = false;
  #left = false;
  #ended = false;

  constructor(source: AsyncIterator<unknown>) {
    this.#source = source;
  }

  /** Whether another attempt would get every request. */
  get restartable(): boolean {
    return this.#kept !== undefined;
  }

  /** There will be no other attempt: nothing is kept any more, and who has left the iteration has left the source. */
  commit(): void {
    this.#kept = undefined;
    // What the caller's own generator throws while it ends is no failure of the call, which has its answer.
    if (this.#left) this.close().catch(() => {});
  }

  /** The attempt that iterates takes no more. Where another may follow, the source stays open for it. */
  async leave(): Promise<void> {
    this.#left = true;
    if (!this.restartable) await this.close();
  }

  /** The call is over: the source is returned from, unless nobody ever asked it for anything or it has ended. */
  async close(): Promise<void> {
    this.#kept = undefined;
    if (!this.#begun || this.#ended) return;
    this.#ended = true;
    await this.#source.return?.();
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    this.#left = false;
    return new Attempt(this);
  }

  /** The request at a position, counted from the first of an attempt. */
  at(position: number): Promise<IteratorResult<unknown>> {
    const kept = this.#kept;
    if (kept !== undefined && position < kept.length) return Promise.resolve({ done: false, value: kept[position] });
    this.#pulling ??= this.#pull();
    return this.#pulling;
  }

  async #pull(): Promise<IteratorResult<unknown>> {
    this.#begun = true;
    try {
      const result = await this.#source.next();
      if (result.done === true) this.#ended = true;
      else if (this.#kept !== undefined && this.#kept.push(result.value) > maxKept) this.#kept = undefined;
      return result;
    } catch (thrown) {
      this.#ended = true;
      throw thrown;
    } finally {
      this.#pulling = undefined;
    }
  }
}

/** The requests as one attempt sends them. Leaving it leaves the source only where no other attempt can follow. */
class Attempt implements AsyncIterator<unknown> {
  readonly #messages: RestartableMessages;
  #position = 0;

  constructor(messages: RestartableMessages) {
    this.#messages = messages;
  }

  next(): Promise<IteratorResult<unknown>> {
    const position = this.#position;
    this.#position += 1;
    return this.#messages.at(position);
  }

  async return(): Promise<IteratorResult<unknown>> {
    await this.#messages.leave();
    return { done: true, value: undefined };
  }
}

/** More requests than this are not kept: a stream that got so far without a word from its server is not begun again. */
const maxKept = 64;
