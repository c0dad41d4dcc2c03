import type { Tick } from '../workload/handlers.js';
import type { Conversation } from './contestant.js';

/**
 * A stream that goes both ways and is two async iterables, spoken one message at a time: what an application would write
 * with two loops.
 */
export class IteratedConversation implements Conversation {
  readonly #outbox = new Outbox();
  readonly #replies: AsyncIterator<Tick>;

  constructor(open: (messages: AsyncIterable<Tick>) => AsyncIterable<Tick>) {
    this.#replies = open(this.#outbox)[Symbol.asyncIterator]();
  }

  async say(message: Tick): Promise<Tick> {
    this.#outbox.put(message);
    const { value, done } = await this.#replies.next();
    if (done === true) throw new Error('the stream ended without an answer');
    return value;
  }

  async end(): Promise<void> {
    this.#outbox.end();
    const { done } = await this.#replies.next();
    if (done !== true) throw new Error('an answer came that nobody asked for');
  }
}

/** The requests of a stream, handed out as they are put in. One reader. */
class Outbox implements AsyncIterableIterator<Tick> {
  #waiting: ((result: IteratorResult<Tick>) => void) | undefined;
  #put: Tick | undefined;
  #ended = false;

  put(message: Tick): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#put = message;
    else waiting({ value: message, done: false });
  }

  end(): void {
    this.#ended = true;
    this.#waiting?.({ value: undefined, done: true });
  }

  next(): Promise<IteratorResult<Tick>> {
    const value = this.#put;
    this.#put = undefined;
    if (value !== undefined) return Promise.resolve({ value, done: false });
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  return(): Promise<IteratorResult<Tick>> {
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
