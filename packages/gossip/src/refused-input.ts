import { type Clock, type Logger, ServiceError } from '@tenon/contract';
import { type Address, textOf } from './net/address.js';

/** What came in and was no gossip, or not of this cluster: counted, and warned about in one line a minute at most. */
export class RefusedInput {
  readonly #logger: Logger;
  readonly #clock: Clock;
  #warnedAt = Number.NEGATIVE_INFINITY;
  #sinceWarning = 0;
  #count = 0;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** How many since the start. */
  get count(): number {
    return this.#count;
  }

  met(from: Address, thrown: unknown): void {
    this.#count += 1;
    this.#sinceWarning += 1;
    if (this.#clock.now() - this.#warnedAt < quietMs) return;
    this.#warnedAt = this.#clock.now();
    const reason = ServiceError.from(thrown).rawMessage;
    this.#logger.warn('gossip was refused', { count: this.#sinceWarning, from: textOf(from), reason });
    this.#sinceWarning = 0;
  }
}

const quietMs = 60_000;
