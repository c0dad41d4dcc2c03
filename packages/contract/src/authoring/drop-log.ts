import type { Clock } from '../clock.js';
import type { LogFields, Logger } from '../logger.js';

/**
 * Counts messages that had to be dropped, exactly, and says so: the first at once, later ones at most once a minute with
 * the count so far, and what was not said yet when it ends.
 */
export class DropLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #message: string;
  #count = 0;
  #said = 0;
  #saidAt = Number.NEGATIVE_INFINITY;

  /** @param message - a constant sentence: what is dropped, and why. */
  constructor(logger: Logger, clock: Clock, message: string) {
    this.#logger = logger;
    this.#clock = clock;
    this.#message = message;
  }

  /** How many have been dropped. */
  get count(): number {
    return this.#count;
  }

  add(fields: LogFields = {}): void {
    this.#count += 1;
    if (this.#clock.now() - this.#saidAt >= intervalMs) this.#say(fields);
  }

  /** Says what was counted since the last line. */
  end(): void {
    if (this.#count > this.#said) this.#say({});
  }

  #say(fields: LogFields): void {
    this.#said = this.#count;
    this.#saidAt = this.#clock.now();
    this.#logger.warn(this.#message, { ...fields, dropped: this.#count });
  }
}

const intervalMs = 60 * 1_000;
