import type { Reply } from '@tenon/contract';

/** The replies of a stream as its caller iterates them. The call is made at the first `next()`, as a generator's body is. */
export class ClientStream implements AsyncIterableIterator<unknown> {
  #call: (() => Promise<Reply>) | undefined;
  #starting: Promise<AsyncIterator<unknown>> | undefined;
  #source: AsyncIterator<unknown> | undefined;
  #left = false;

  constructor(call: () => Promise<Reply>) {
    this.#call = call;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.#left) return Promise.resolve(done);
    return this.#source === undefined ? this.#started().then(next) : this.#source.next();
  }

  /** Ends the call, if it was made. */
  async return(): Promise<IteratorResult<unknown>> {
    this.#left = true;
    const source = this.#source ?? (await this.#starting?.catch(() => undefined));
    await source?.return?.();
    return done;
  }

  #started(): Promise<AsyncIterator<unknown>> {
    if (this.#starting === undefined) {
      const call = this.#call as () => Promise<Reply>;
      this.#call = undefined;
      this.#starting = called(call).then((reply) => this.#open(reply));
    }
    return this.#starting;
  }

  #open({ messages }: Reply): AsyncIterator<unknown> {
    const source = messages === undefined ? nothing() : messages[Symbol.asyncIterator]();
    this.#source = source;
    this.#starting = undefined;
    return source;
  }
}

/** A call that throws at once rejects, as one that fails later does. */
function called(call: () => Promise<Reply>): Promise<Reply> {
  try {
    return call();
  } catch (thrown) {
    return Promise.reject(thrown);
  }
}

function next(source: AsyncIterator<unknown>): Promise<IteratorResult<unknown>> {
  return source.next();
}

/** What an interceptor that answered without messages leaves to iterate. */
async function* nothing(): AsyncGenerator<never> {}

const done: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });
