/** Something that takes long, as far as anybody can tell beforehand: a long message that is all there. */
export interface TurnTask {
  /** Does it, or nothing where it is of no use any more. Must not throw. */
  takeTurn(): void;
}

/**
 * Does one long task in each turn of the event loop, in order, so that what comes meanwhile has its turn in between: a small
 * call waits for one large message at the most, not for all that have arrived.
 */
export class TurnQueue {
  readonly #maxBytes: number;
  /** Those that are done are undefined: a call that is over must not be kept, with its reply, by its place in a list. */
  readonly #tasks: (Waiting | undefined)[] = [];
  #next = 0;
  #bytes = 0;
  #scheduled = false;
  #awaitingRoom: (() => void)[] = [];

  /** @param maxBytes - with more than that waiting, whoever adds to it should pause. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isFull(): boolean {
    return this.#bytes > this.#maxBytes;
  }

  /** @param bytes - what the task holds until its turn. */
  add(task: TurnTask, bytes: number): void {
    this.#tasks.push({ task, bytes });
    this.#bytes += bytes;
    if (!this.#scheduled) this.#schedule();
  }

  /** Calls back once when it is not full any more. */
  awaitRoom(resume: () => void): void {
    this.#awaitingRoom.push(resume);
  }

  readonly #onTurn = (): void => {
    const { task, bytes } = this.#tasks[this.#next] as Waiting;
    this.#tasks[this.#next] = undefined;
    this.#next += 1;
    if (this.#next === this.#tasks.length || this.#next > maxDone) {
      this.#tasks.splice(0, this.#next);
      this.#next = 0;
    }
    this.#bytes -= bytes;
    this.#scheduled = false;
    if (this.#tasks.length > 0) this.#schedule();
    task.takeTurn();
    if (this.#awaitingRoom.length > 0 && !this.isFull) for (const resume of this.#awaitingRoom.splice(0)) resume();
  };

  #schedule(): void {
    this.#scheduled = true;
    setImmediate(this.#onTurn);
  }
}

interface Waiting {
  readonly task: TurnTask;
  readonly bytes: number;
}

/** A longer request or reply waits for its turn: decoding 16 KiB takes about 100 µs. */
export const longMessageBytes = 16 * 1_024;

/** How many places of tasks that are done are kept until the list is tidied. */
const maxDone = 256;
