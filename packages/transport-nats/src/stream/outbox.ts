import { windowBytes } from './window.js';

/** The call that an outbox belongs to. None of them throws. */
export interface OutboxOwner {
  /** Sends a message and tells what it took of the window. */
  send(value: unknown): number;
  /** All were sent. */
  sent(): void;
  /** The iterable threw. */
  sendingFailed(thrown: unknown): void;
}

/** Sends the messages of an iterable, asking for the next one only while the reader has room for it. */
export class Outbox {
  readonly #owner: OutboxOwner;
  #iterator: AsyncIterator<unknown> | undefined;
  #credit = windowBytes;
  #messages = 0;
  #stopped = false;
  #wake: () => void = () => {};

  constructor(messages: AsyncIterable<unknown>, owner: OutboxOwner) {
    this.#owner = owner;
    void this.#run(messages);
  }

  /** There is room for so many bytes more. */
  credit(bytes: number): void {
    // A peer that gives more than it was asked for must not give the right to send without end.
    this.#credit = Math.min(windowBytes, this.#credit + bytes);
    if (this.#credit > 0) this.#wake();
  }

  /** Sends no more, and returns from the iteration. After its end it does nothing. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#wake();
    if (this.#iterator !== undefined) void returnFrom(this.#iterator);
  }

  async #run(messages: AsyncIterable<unknown>): Promise<void> {
    try {
      const iterator = messages[Symbol.asyncIterator]();
      this.#iterator = iterator;
      for (;;) {
        if (this.#credit <= 0) await this.#room();
        if (this.#stopped) return;
        const { value, done } = await iterator.next();
        if (this.#stopped) return;
        if (done === true) break;
        this.#credit -= this.#owner.send(value);
        this.#messages += 1;
        // Where both sides are quick, everything happens in microtasks: timers and sockets would never have their turn.
        if (this.#messages % turnMessages === 0) await nextTurn();
      }
      this.#end();
      this.#owner.sent();
    } catch (thrown) {
      // After a stop the call has its outcome already, and nobody could be told another.
      if (this.#stopped) return;
      this.#end();
      this.#owner.sendingFailed(thrown);
    }
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** An iterator that ended or threw must not be returned from. */
  #end(): void {
    this.#stopped = true;
    this.#iterator = undefined;
  }
}

/** Leaves messages that nobody will read, so that whoever makes them can clean up. */
export function leave(messages: AsyncIterable<unknown>): void {
  void (async () => returnFrom(messages[Symbol.asyncIterator]()))().catch(() => {
    // As below.
  });
}

async function returnFrom(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The call has ended with an outcome of its own; what cleaning up throws has nobody left to go to.
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const turnMessages = 64;
