/**
 * Counts good and bad outcomes of the last while, in ten spans that expire one after the other. Noting one costs an
 * addition and allocates nothing.
 */
export class OutcomeWindow {
  readonly #spanMs: number;
  readonly #good = new Uint32Array(spans);
  readonly #bad = new Uint32Array(spans);
  #slot = 0;
  /** When the span of `#slot` is over. */
  #ends = Number.NEGATIVE_INFINITY;

  constructor(intervalMs: number) {
    this.#spanMs = intervalMs / spans;
  }

  /** @param now - in milliseconds of one clock. What comes a little late counts as of the newest span. */
  note(isGood: boolean, now: number): void {
    if (now >= this.#ends) this.#moveTo(now);
    const counts = isGood ? this.#good : this.#bad;
    counts[this.#slot] = (counts[this.#slot] as number) + 1;
  }

  /** The share of good outcomes, 0 to 1; undefined where there are fewer than `min` in all. Right after a `note`. */
  successRate(min: number): number | undefined {
    const [good, bad] = [sumOf(this.#good), sumOf(this.#bad)];
    return good + bad < min ? undefined : good / (good + bad);
  }

  clear(): void {
    this.#good.fill(0);
    this.#bad.fill(0);
  }

  #moveTo(now: number): void {
    const span = Math.floor(now / this.#spanMs);
    const passed = (now - this.#ends) / this.#spanMs + 1;
    if (passed >= spans) this.clear();
    const slot = ((span % spans) + spans) % spans;
    while (this.#slot !== slot) {
      this.#slot = (this.#slot + 1) % spans;
      this.#good[this.#slot] = 0;
      this.#bad[this.#slot] = 0;
    }
    this.#ends = (span + 1) * this.#spanMs;
  }
}

const spans = 10;

function sumOf(counts: Uint32Array): number {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
}
