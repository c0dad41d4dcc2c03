import {
  type MessageSource,
  type MessageTaker,
  messageSource,
  NextPromises,
  nextMessage,
} from '@tenon/contract/authoring';

/**
 * The requests of a stream, so kept that another attempt can begin with the first of them: until the server has said
 * something, and as long as there are few.
 */
export class RestartableMessages implements AsyncIterable<unknown>, MessageTaker {
  readonly #source: MessageSource;
  /** What was sent so far; undefined where it is not kept any more. */
  #kept: unknown[] | undefined = none;
  /** Who waits for what the source was asked for. */
  #taker: MessageTaker | undefined;
  /** Who waits for it too: the attempts after one that ended while it waited. */
  #others: MessageTaker[] | undefined;
  #begun = false;
  #left = false;
  #ended = false;

  constructor(source: AsyncIterator<unknown>) {
    this.#source = messageSource(source);
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
  close(): Promise<void> {
    this.#kept = undefined;
    if (!this.#begun || this.#ended) return Promise.resolve();
    this.#ended = true;
    return this.#leaveSource();
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    this.#left = false;
    return new Attempt(this);
  }

  /** Tells the request at a position, counted from the first of an attempt. */
  tell(position: number, taker: MessageTaker): void {
    const kept = this.#kept;
    if (kept !== undefined && position < kept.length) {
      taker.message(kept[position]);
      return;
    }
    if (this.#taker !== undefined) {
      this.#others ??= [];
      this.#others.push(taker);
      return;
    }
    this.#taker = taker;
    this.#begun = true;
    this.#source[nextMessage](this);
  }

  message(value: unknown): void {
    this.#keep(value);
    this.#tellAll((taker) => taker.message(value));
  }

  ended(): void {
    this.#ended = true;
    this.#tellAll((taker) => taker.ended());
  }

  failed(thrown: unknown): void {
    this.#ended = true;
    this.#tellAll((taker) => taker.failed(thrown));
  }

  /** The list begins with the first: an empty one that is added to would have room for many. */
  #keep(value: unknown): void {
    const kept = this.#kept;
    if (kept === undefined) return;
    if (kept === none) this.#kept = [value];
    else if (kept.push(value) > maxKept) this.#kept = undefined;
  }

  async #leaveSource(): Promise<void> {
    await this.#source.return?.();
  }

  #tellAll(tell: (taker: MessageTaker) => void): void {
    const taker = this.#taker;
    const others = this.#others;
    this.#taker = undefined;
    this.#others = undefined;
    if (taker !== undefined) tell(taker);
    if (others !== undefined) for (const other of others) tell(other);
  }
}

/** The requests as one attempt sends them. Leaving it leaves the source only where no other attempt can follow. */
class Attempt implements AsyncIterator<unknown>, MessageSource {
  readonly #messages: RestartableMessages;
  #position = 0;
  #promises: NextPromises | undefined;

  constructor(messages: RestartableMessages) {
    this.#messages = messages;
  }

  next(): Promise<IteratorResult<unknown>> {
    this.#promises ??= new NextPromises(this);
    return this.#promises.next();
  }

  [nextMessage](taker: MessageTaker): void {
    const position = this.#position;
    this.#position += 1;
    this.#messages.tell(position, taker);
  }

  async return(): Promise<IteratorResult<unknown>> {
    await this.#messages.leave();
    return { done: true, value: undefined };
  }
}

/** More requests than this are not kept: a stream that got so far without a word from its server is not begun again. */
const maxKept = 64;
const none = Object.freeze([]) as unknown as unknown[];
