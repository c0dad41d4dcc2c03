/** How fast tokens come, and how many may be saved up. */
export interface TokenRate {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * Lets so many through a second on average, and bursts up to its size. A token bucket (ITU-T I.371, as a leaky bucket that is read the
 * other way round): tokens come at a steady rate, each call takes one, and no more than `burst` are saved up.
 */
export class TokenBucket {
  readonly #rate: TokenRate;
  #tokens: number;
  #filledAt: number;

  /** Begins full. */
  constructor(rate: TokenRate, now: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#filledAt = now;
  }

  /** Takes a token, if there is one. */
  take(now: number): boolean {
    const { perSecond, burst } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) * perSecond) / 1_000);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
