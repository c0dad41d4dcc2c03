import type { ServiceError } from '@tenon/contract';
import { costOf, windowBytes } from './window.js';

/** The call that an inbox belongs to. */
export interface InboxOwner {
  /** The value of a message. What it throws ends the iteration with that error. */
  read(bytes: Uint8Array): unknown;
  /** Messages of so many bytes were read: there is room for as many more. */
  taken(bytes: number): void;
  /** The reader left before the end, or could not read a message: no more are wanted. */
  left(): void;
}

/**
 * Messages that arrived and wait to be read, decoded one by one. A sender that keeps to its credit never has more than a window of
 * them here; what {@link Inbox.push} says of others is for the owner to act on.
 */
export class Inbox implements AsyncIterableIterator<unknown> {
  readonly #owner: InboxOwner;
  #arrived: Uint8Array[] = [];
  readonly #readers: Reader[] = [];
  #held = 0;
  #taken = 0;
  #ended = false;
  #error: ServiceError | undefined;

  constructor(owner: InboxOwner) {
    this.#owner = owner;
  }

  /** Returns false where the sender has gone far beyond its credit; the message is dropped then. */
  push(bytes: Uint8Array): boolean {
    if (this.#ended) return true;
    // Credit that is on its way back, and one message that began within it.
    if (this.#held > 2 * windowBytes) return false;
    this.#held += costOf(bytes.length);
    this.#arrived.push(bytes);
    const reader = this.#readers.shift();
    if (reader !== undefined) this.#read(reader);
    return true;
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
    this.#arrived = [];
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
    const bytes = this.#arrived.shift() as Uint8Array;
    let value: unknown;
    try {
      value = this.#owner.read(bytes);
    } catch (thrown) {
      reader.reject(thrown);
      this.#leave();
      return;
    }
    reader.resolve({ value, done: false });
    this.#taken += costOf(bytes.length);
    this.#held -= costOf(bytes.length);
    if (this.#taken < windowBytes / 2) return;
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
    this.#arrived = [];
    this.#error = undefined;
    this.end();
    if (wasOpen) this.#owner.left();
  }
}

interface Reader {
  resolve(result: IteratorResult<unknown>): void;
  reject(error: unknown): void;
}
