import { type Deferred, deferred } from './deferred.js';

/** Messages that come when the test says so, and that know how they were treated. */
export class FedMessages implements AsyncIterableIterator<unknown> {
  /** How many were asked for. */
  pulls = 0;
  /** How often it was left. */
  returns = 0;
  /** What leaving waits for, as a generator waits until it gets to its `finally`, or fails with. */
  beforeReturn: () => void | Promise<void> = () => {};
  readonly #fed: (() => Promise<IteratorResult<unknown>>)[] = [];
  readonly #waiting: Deferred<IteratorResult<unknown>>[] = [];

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Feeds messages, in order. */
  push(...values: unknown[]): this {
    for (const value of values) this.#feed(async () => ({ done: false, value }));
    return this;
  }

  /** After what was fed they end. */
  end(): this {
    this.#feed(async () => ({ done: true, value: undefined }));
    return this;
  }

  /** After what was fed they fail. */
  fail(thrown: unknown): this {
    this.#feed(() => Promise.reject(thrown));
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    this.pulls += 1;
    const fed = this.#fed.shift();
    if (fed !== undefined) return fed();
    const waiting = deferred<IteratorResult<unknown>>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.returns += 1;
    await this.beforeReturn();
    return { done: true, value: undefined };
  }

  #feed(result: () => Promise<IteratorResult<unknown>>): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#fed.push(result);
    else result().then(waiting.resolve, waiting.reject);
  }
}

/** Everything that a stream yields, until its end. */
export async function collected(messages: AsyncIterable<unknown> | undefined): Promise<unknown[]> {
  if (messages === undefined) throw new Error('it is no stream');
  const values: unknown[] = [];
  for await (const value of messages) values.push(value);
  return values;
}
