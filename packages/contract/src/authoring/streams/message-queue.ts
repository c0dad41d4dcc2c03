import type { ServiceError } from '../../service-error.js';

/** Where the messages of a {@link MessageQueue} come from. */
export interface QueueSource {
  /** Turns bytes into a message; what it throws ends the iteration. */
  decode(bytes: Buffer): unknown;
  /** Stops reading from the peer, until `resume`. */
  pause(): void;
  resume(): void;
  /** The iteration was left before its end, or a message could not be decoded: nobody reads on. Called once at most. */
  onLeft(): void;
}

/**
 * Messages that arrived and wait for their reader, as an async iteration for one reader. They wait in encoded form, so
 * that what they take is known, and are decoded as they are read. Beyond a bound the source is paused.
 */
export class MessageQueue implements AsyncIterableIterator<unknown> {
  readonly #source: QueueSource;
  #waiting: Buffer[] = [];
  #head = 0;
  #bytes = 0;
  #paused = false;
  #ended = false;
  #left = false;
  #failure: ServiceError | undefined = undefined;
  /** The reader that waits; further ones queue behind it. */
  #reading: Promise<IteratorResult<unknown>> | undefined = undefined;
  #resolve: ((result: IteratorResult<unknown>) => void) | undefined = undefined;
  #reject: ((error: unknown) => void) | undefined = undefined;

  constructor(source: QueueSource) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Whether it is known how the iteration ends. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Adds a message. After the end it is dropped. */
  push(bytes: Buffer): void {
    if (this.#ended) return;
    if (this.#resolve !== undefined) {
      this.#settle(bytes);
      return;
    }
    this.#waiting.push(bytes);
    this.#bytes += bytes.length + overheadBytes;
    if (this.#paused || this.#bytes < highWaterBytes) return;
    this.#paused = true;
    this.#source.pause();
  }

  /** No more will come: the iteration ends after what waits. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#settleDone();
  }

  /**
   * Ends the iteration with an error: after what waits where the peer said it, `now` where the call is over and nothing
   * that waits is of use.
   */
  fail(error: ServiceError, now: boolean): void {
    if (this.#ended && !(now && this.#failure === undefined && !this.#left)) return;
    this.#ended = true;
    if (now) this.#drop();
    const reject = this.#reject;
    this.#forgetReader();
    if (reject !== undefined) reject(error);
    else this.#failure = error;
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.#head < this.#waiting.length) return this.#take();
    if (this.#failure !== undefined) {
      const error = this.#failure;
      this.#failure = undefined;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve(done);
    if (this.#reading !== undefined) return this.#reading.then(this.#nextAgain, this.#nextAgain);
    this.#reading = new Promise(this.#awaitMessage);
    return this.#reading;
  }

  /** The reader leaves. */
  return(): Promise<IteratorResult<unknown>> {
    this.#leave();
    return Promise.resolve(done);
  }

  readonly #nextAgain = (): Promise<IteratorResult<unknown>> => this.next();

  readonly #awaitMessage = (
    resolve: (result: IteratorResult<unknown>) => void,
    reject: (error: unknown) => void,
  ): void => {
    this.#resolve = resolve;
    this.#reject = reject;
  };

  #take(): Promise<IteratorResult<unknown>> {
    const bytes = this.#waiting[this.#head];
    this.#head += 1;
    if (bytes === undefined) return Promise.resolve(done);
    this.#bytes -= bytes.length + overheadBytes;
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    }
    if (this.#paused && this.#bytes <= lowWaterBytes) {
      this.#paused = false;
      this.#source.resume();
    }
    try {
      return Promise.resolve({ value: this.#source.decode(bytes), done: false });
    } catch (thrown) {
      this.#leave();
      return Promise.reject(thrown);
    }
  }

  #settle(bytes: Buffer): void {
    const resolve = this.#resolve;
    const reject = this.#reject;
    this.#forgetReader();
    try {
      resolve?.({ value: this.#source.decode(bytes), done: false });
    } catch (thrown) {
      this.#leave();
      reject?.(thrown);
    }
  }

  #settleDone(): void {
    const resolve = this.#resolve;
    this.#forgetReader();
    resolve?.(done);
  }

  #leave(): void {
    if (this.#left) return;
    this.#left = true;
    const unread = !this.#ended || this.#head < this.#waiting.length;
    this.#ended = true;
    this.#failure = undefined;
    this.#drop();
    this.#settleDone();
    if (unread) this.#source.onLeft();
  }

  #drop(): void {
    this.#waiting = [];
    this.#head = 0;
    this.#bytes = 0;
    if (!this.#paused) return;
    this.#paused = false;
    this.#source.resume();
  }

  #forgetReader(): void {
    this.#reading = undefined;
    this.#resolve = undefined;
    this.#reject = undefined;
  }
}

const done: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/** What a waiting message takes beside its bytes. */
const overheadBytes = 64;
const highWaterBytes = 64 * 1_024;
const lowWaterBytes = 16 * 1_024;
