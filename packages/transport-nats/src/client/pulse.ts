import type { CancelTimer, Clock } from '@tenon/contract';

/** Who is told of the passing of time. */
export interface PulseOwner {
  /** It is time to ask the node for a sign of life. */
  ask(): void;
  /** The node was asked three times and said nothing. */
  silent(forMs: number): void;
}

/**
 * Watches a node while calls are under way there. It counts questions that went unanswered rather than time: a process that was busy
 * for long has asked little, and has not read the answers.
 */
export class Pulse {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #owner: PulseOwner;
  #heardAt = 0;
  #unanswered = 0;
  #cancel: CancelTimer | undefined;

  constructor(clock: Clock, intervalMs: number, owner: PulseOwner) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#owner = owner;
  }

  /** Begins to watch, unless it does. */
  start(): void {
    if (this.#cancel !== undefined) return;
    this.heard();
    this.#arm();
  }

  heard(): void {
    this.#unanswered = 0;
    this.#heardAt = this.#clock.now();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(): void {
    this.#cancel = this.#clock.after(this.#intervalMs, () => {
      // What arrived while this process was busy is read between timers and immediates.
      setImmediate(() => {
        if (this.#cancel === undefined) return;
        if (this.#unanswered === silentQuestions) this.#owner.silent(this.#clock.now() - this.#heardAt);
        // Nothing may be under way any more.
        if (this.#cancel === undefined) return;
        this.#arm();
        this.#unanswered += 1;
        this.#owner.ask();
      });
    });
  }
}

const silentQuestions = 3;
