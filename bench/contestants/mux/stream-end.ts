import type { FrameWriter } from './frame-writer.js';

/** What stands where a call's frame has its endpoint. */
export const streamFrames = { openCount: 10, openEcho: 11, item: 12, credit: 13, end: 14 } as const;

/**
 * One end of a stream, the same on both sides: what arrives is iterated, what is sent waits for credit. Credit is counted in
 * items, 1,024 to begin with, and goes back 256 at a time as the reader takes them.
 */
export class StreamEnd<In, Out> implements AsyncIterableIterator<In> {
  #credit = windowItems;
  #taken = 0;
  #arrived: In[] | undefined;
  #head = 0;
  #waiting: ((result: IteratorResult<In>) => void) | undefined;
  #peerEnded = false;
  #hasEnded = false;
  #resume: (() => void) | undefined;

  /** @param onOver - called once both sides have said their end. */
  constructor(
    private readonly writer: FrameWriter,
    private readonly id: number,
    private readonly onOver: (id: number) => void,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  get maySend(): boolean {
    return this.#credit > 0;
  }

  send(item: Out): void {
    this.#credit -= 1;
    this.writer.send(streamFrames.item, this.id, item);
  }

  /** Calls `resume` when the peer has given credit again. */
  awaitCredit(resume: () => void): void {
    this.#resume = resume;
  }

  /** Nothing more is sent. */
  end(): void {
    this.#hasEnded = true;
    this.writer.send(streamFrames.end, this.id, 0);
    if (this.#peerEnded) this.onOver(this.id);
  }

  next(): Promise<IteratorResult<In>> {
    const arrived = this.#arrived;
    if (arrived !== undefined) {
      const value = arrived[this.#head] as In;
      this.#head += 1;
      if (this.#head === arrived.length) {
        this.#arrived = undefined;
        this.#head = 0;
      }
      this.#took();
      return Promise.resolve({ value, done: false });
    }
    if (this.#peerEnded) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  // What the peer says.

  item(value: In): void {
    const waiting = this.#waiting;
    if (waiting === undefined) {
      this.#arrived ??= [];
      this.#arrived.push(value);
      return;
    }
    this.#waiting = undefined;
    waiting({ value, done: false });
    this.#took();
  }

  granted(items: number): void {
    this.#credit += items;
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  peerEnded(): void {
    this.#peerEnded = true;
    this.#waiting?.({ value: undefined, done: true });
    this.#waiting = undefined;
    if (this.#hasEnded) this.onOver(this.id);
  }

  #took(): void {
    this.#taken += 1;
    if (this.#taken < creditStep) return;
    this.#taken = 0;
    this.writer.send(streamFrames.credit, this.id, creditStep);
  }
}

const windowItems = 1_024;
const creditStep = 256;
