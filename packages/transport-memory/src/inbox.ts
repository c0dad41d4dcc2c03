import type { ServiceError } from '@tenon/contract';
import { windowMessages } from './outbox.js';

/** The call that an inbox belongs to. */
export interface InboxOwner {
  /** The value of a message. What it throws ends the iteration with that error. */
  read(bytes: Buffer): unknown;
  /** So many messages were read: there is room for as many more. */
  taken(messages: number): void;
  /** The reader left before the end, or could not read a message: no more are wanted. */
  left(): void;
}

/**
 * Messages that arrived and wait to be read, decoded one by one. There are never more than a window of them, because
 * their sender has no more credit until they are read.
 */
export class Inbox implements AsyncIterableIterator<unknown> {
  readonly #owner: InboxOwner;
  readonly #arrived: Buffer[] = [];
  readonly #readers: Reader[] = [];
  #taken = 0;
  #ended = false;
  #error: ServiceError | undefined;

  constructor(owner: InboxOwner) {
    this.#owner = owner;
  }

  push(bytes: Buffer): void {
    if (this.#ended) return;
    this.#arrived.push(bytes);
    const reader = this.#readers.shift();
    if (reader !== undefined) this.#read(reader);
  }

  /** Nothing more comes: what has arrived is read first, then the end, or the error. */
  end(error?: ServiceError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    for (const reader of this.#readers.splice(0)) this.#finish(reader);
  }

  /** Ends the iteration with an error now; what has arrived is dropped. */
  abort(error: ServiceError): void {
    if (this.#ended && this.#arrived.length === 0) return;
    this.#arrived.length = 0;
    this.#ended = false;
    this.end(error);
  }

  next(): Promise<IteratorResult<unknown>> {
    return new Promise((resolve, reject) => {
      const reader = { resolve, reject };
      if (this.#arrived.length > 0) this.#read(reader);
      else if (this.#ended) this.#finish(reader);
      else this.#readers.push(reader);
    });
  }

  return(): Promise<IteratorResult<unknown>> {
    this.#leave();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #read(reader: Reader): void {
    const bytes = this.#arrived.shift() as Buffer;
    let value: unknown;
    try {
      value = this.#owner.read(bytes);
    } catch (thrown) {
      reader.reject(thrown);
      this.#leave();
      return;
    }
    reader.resolve({ value, done: false });
    this.#taken += 1;
    if (this.#taken < windowMessages / 2) return;
    this.#owner.taken(this.#taken);
    this.#taken = 0;
  }

  #finish(reader: Reader): void {
    const error = this.#error;
    this.#error = undefined;
    if (error === undefined) reader.resolve({ value: undefined, done: true });
    else reader.reject(error);
  }

  #leave(): void {
    const wasOpen = !this.#ended;
    this.#arrived.length = 0;
    this.#error = undefined;
    this.end();
    if (wasOpen) this.#owner.left();
  }
}

interface Reader {
  resolve(result: IteratorResult<unknown>): void;
  reject(error: unknown): void;
}
