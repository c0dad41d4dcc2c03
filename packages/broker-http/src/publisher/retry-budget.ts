import type { Clock } from '@tenon/contract';

/**
 * How often one subscriber may be tried again: each success deposits a tenth of a try, each second one more, up to ten. So a
 * subscriber that fails half of what it gets costs a tenth more, and not twice as much.
 */
export class RetryBudget {
  readonly #clock: Clock;
  #tokens = maxTokens;
  #at: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#at = clock.now();
  }

  /** A message was taken at its first try or a later one. */
  deposit(): void {
    this.#tokens = Math.min(maxTokens, this.#tokens + depositPerSuccess);
  }

  /** Whether there is one more try, which is then used up. */
  withdraw(): boolean {
    const now = this.#clock.now();
    this.#tokens = Math.min(maxTokens, this.#tokens + (now - this.#at) / 1_000);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

const maxTokens = 10;
const depositPerSuccess = 0.1;
