import type { ResolvedConcurrencyOptions } from './concurrency-options.js';

/**
 * How many calls may run at once, found out from how long they take.
 *
 * Gradient2 of Netflix's concurrency-limits: where calls take longer than they did on average over a long time, they wait for
 * something in there, and fewer of them would get as much done. A long average is held against the mean of a short window; up to
 * `tolerance` times of it is a matter of chance. Each window the limit becomes `limit × gradient + headroom`, smoothed.
 *
 * Of our own: windows are 50 ms, so that it falls within two seconds; the headroom grows with the limit, so that it comes back as
 * quickly; and while latency is as usual it returns to where it began, whether so many calls run or not. It does not change
 * for the worse while fewer than half of what it allows run: then it is not in the way, and latency has other reasons. But where
 * many run and take several times as long as ever, something stands in line already, and it is halved at once, window by window.
 * What a window adds to the long average is bounded, so that an overload is not taken for the usual.
 */
export class GradientLimit {
  readonly #options: ResolvedConcurrencyOptions;
  #limit: number;
  #longMs = 0;
  #windows = 0;
  #windowStart = Number.NEGATIVE_INFINITY;
  #sumMs = 0;
  #samples = 0;
  #mostUnderWay = 0;

  constructor(options: ResolvedConcurrencyOptions) {
    this.#options = options;
    this.#limit = options.initial;
  }

  /** A whole number, or `Infinity`. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** Whether it never changes. */
  get fixed(): boolean {
    return this.#options.min === this.#options.max;
  }

  /**
   * Takes the time that a call took.
   *
   * @param underWay - how many ran when it ended, itself included.
   * @returns whether the limit is another now.
   */
  sample(tookMs: number, underWay: number, now: number): boolean {
    this.#sumMs += tookMs;
    this.#samples += 1;
    if (underWay > this.#mostUnderWay) this.#mostUnderWay = underWay;
    if (now - this.#windowStart < windowMs) return false;
    const before = this.limit;
    this.#windowStart = now;
    this.#windowEnded(this.#sumMs / this.#samples, this.#mostUnderWay);
    this.#sumMs = 0;
    this.#samples = 0;
    this.#mostUnderWay = 0;
    return this.limit !== before;
  }

  #windowEnded(shortMs: number, underWay: number): void {
    this.#windows += 1;
    // A shorter one shows that the average had waiting in it, and counts for more.
    const windows = shortMs < this.#longMs ? fallWindows : longWindows;
    const weight = this.#windows <= warmUpWindows ? 1 / this.#windows : 2 / (windows + 1);
    const learnt = this.#windows <= warmUpWindows ? shortMs : Math.min(shortMs, this.#longMs * tolerance);
    this.#longMs += (learnt - this.#longMs) * weight;
    // Long calls that are over for good are forgotten faster.
    if (this.#longMs > shortMs * 2) this.#longMs *= 0.95;
    const gradient = Math.max(0.5, Math.min(1, (tolerance * this.#longMs) / shortMs));
    const { initial, min, max } = this.#options;
    if (underWay > manyCalls && shortMs > this.#longMs * alarm) {
      this.#limit = Math.max(min, Math.min(this.#limit / 2, underWay));
      return;
    }
    const used = underWay * 2 >= this.#limit;
    if (!used && (gradient < 1 || this.#limit >= initial)) return;
    const headroom = Math.max(2, this.#limit / 10);
    const next = this.#limit + (this.#limit * gradient + headroom - this.#limit) * smoothing;
    this.#limit = Math.max(min, Math.min(used ? max : initial, next));
  }
}

const windowMs = 50;
const warmUpWindows = 10;
/** One minute. */
const longWindows = 1_200;
/** Four seconds. */
const fallWindows = 80;
const tolerance = 1.5;
const smoothing = 0.2;
/** So many times the usual latency is no matter of chance, where so many calls run. */
const alarm = 4;
const manyCalls = 64;
