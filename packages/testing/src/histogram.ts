/**
 * Latencies in buckets that grow with them: 128 to each power of two, so that a figure read from it is at most 0.4 % off
 * (below 31 µs, at most 0.07 µs). Recording costs a few instructions and no memory.
 */
export class Histogram {
  readonly #counts = new Float64Array(128 * 25);
  #total = 0;
  #largest = 0;

  /**
   * @param elapsedMs - from 0 to about four minutes; what is longer counts as that.
   * @param times - how many such it stands for
   */
  record(elapsedMs: number, times = 1): void {
    const units = Math.min(elapsedMs * unitsPerMs, maxUnits) | 0;
    const shift = Math.max(0, 24 - Math.clz32(units));
    const bucket = (shift << 7) + (units >>> shift);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times;
    this.#total += times;
    if (elapsedMs > this.#largest) this.#largest = elapsedMs;
  }

  /** How many were recorded. */
  get total(): number {
    return this.#total;
  }

  /** The largest that was recorded, in milliseconds and exactly; 0 where nothing was. */
  get max(): number {
    return this.#largest;
  }

  /** The latency in milliseconds that this share of all (0 to 1) did not exceed. NaN where nothing was recorded. */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= rank) return middleOf(bucket) / unitsPerMs;
    }
    return Number.NaN;
  }
}

function middleOf(bucket: number): number {
  const shift = Math.max(0, (bucket >> 7) - 1);
  return (bucket - (shift << 7) + 0.5) * 2 ** shift;
}

const unitsPerMs = 8_192;
const maxUnits = 2 ** 31 - 1;
