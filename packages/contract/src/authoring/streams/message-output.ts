import type { Writable } from 'node:stream';

/**
 * The writing end of a stream of messages: what is written in one tick goes out together, earlier once there is enough
 * for a write of its own.
 */
export class MessageOutput {
  readonly #target: Writable;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #scheduled = false;
  #closed = false;
  #onDrained: (() => void) | undefined = undefined;
  #stretch = 0;

  constructor(target: Writable) {
    this.#target = target;
    target.on('drain', this.#drained);
  }

  /** Whether the peer must take something before more is written. */
  get full(): boolean {
    return !this.#closed && this.#target.writableNeedDrain;
  }

  /**
   * Whether so much was written at a stretch that everybody else should have a turn first: a peer that takes all at once would
   * else keep the thread for itself.
   */
  get stretched(): boolean {
    return this.#stretch >= stretchBytes;
  }

  /** Resolves in the next turn of the event loop, when another stretch may begin. */
  nextTurn(): Promise<void> {
    this.#stretch = 0;
    return new Promise((resolve) => setImmediate(resolve));
  }

  write(bytes: Buffer): void {
    if (this.#closed) return;
    this.#stretch += Math.max(bytes.length, leastBytes);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= flushBytes) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(this.flush);
    }
  }

  /** Hands on what was written so far. */
  readonly flush = (): void => {
    this.#scheduled = false;
    const [only] = this.#pending;
    if (only === undefined) return;
    const bytes = this.#pending.length === 1 ? only : Buffer.concat(this.#pending, this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    if (!this.#closed) this.#target.write(bytes);
  };

  /** Resolves when the peer has taken enough, or will take no more. */
  drained(): Promise<void> {
    if (!this.full) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
  }

  /** From here on nothing is written. What is pending is handed on first. */
  end(): void {
    this.flush();
    this.close();
  }

  /** From here on nothing is written, and what is pending is dropped. */
  close(): void {
    this.#closed = true;
    this.#target.off('drain', this.#drained);
    this.#drained();
  }

  readonly #drained = (): void => {
    const resolve = this.#onDrained;
    this.#onDrained = undefined;
    resolve?.();
  };
}

/** As much as is worth a write of its own. */
const flushBytes = 16 * 1_024;

/** A stretch is so long, where each message counts as `leastBytes` at least: making and encoding one costs time too. */
const stretchBytes = 64 * 1_024;
const leastBytes = 4 * 1_024;
