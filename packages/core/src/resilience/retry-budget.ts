import { checkedNumber } from '@tenon/contract/authoring';

/** How much repeating a client allows itself, all its calls together. */
export interface RetryBudgetOptions {
  /** How many repetitions each successful call pays for. Range 0 to 1, default 0.1: a tenth more load, never a storm. */
  readonly ratio?: number;
  /** How many repetitions are there to begin with, for clients that call rarely. Range 0 to 1,000, default 10. */
  readonly reserve?: number;
  /** How fast a spent reserve comes back, in repetitions a second. Range 0 to 1,000, default 1. */
  readonly reservePerSecond?: number;
}

export interface ResolvedRetryBudget {
  readonly ratio: number;
  readonly reserve: number;
  readonly reservePerSecond: number;
}

export function resolveRetryBudget(options: RetryBudgetOptions = {}): ResolvedRetryBudget {
  return Object.freeze({
    ratio: checkedNumber('retry.budget.ratio', options.ratio, { min: 0, max: 1, fallback: 0.1, integer: false }),
    reserve: checkedNumber('retry.budget.reserve', options.reserve, {
      min: 0,
      max: 1_000,
      fallback: 10,
      integer: false,
    }),
    reservePerSecond: checkedNumber('retry.budget.reservePerSecond', options.reservePerSecond, {
      min: 0,
      max: 1_000,
      fallback: 1,
      integer: false,
    }),
  });
}

/**
 * What a client may spend on repeating calls. Successful calls deposit a share of a token each, which counts for ten seconds;
 * beside them there is a small reserve that fills up with time. A repetition draws one token, from the oldest deposits first.
 *
 * So the attempts of a client are at most `1 + ratio` for each of its calls, and in a total outage a few a second: failing calls
 * deposit nothing. The shape is that of Finagle's `RetryBudget` (deposits with a time to live, and a floor), the ratio gRPC's.
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #maxReserve: number;
  readonly #reservePerMs: number;
  /** What was deposited in each of the last seconds and is not spent, the newest at `#newest`. */
  readonly #slots = new Float64Array(slots);
  #newest = 0;
  /** When the newest second is over. */
  #newestUntil = Number.NEGATIVE_INFINITY;
  #reserve: number;
  #reserveAt = Number.NEGATIVE_INFINITY;

  constructor({ ratio, reserve, reservePerSecond }: ResolvedRetryBudget) {
    this.#ratio = ratio;
    this.#maxReserve = reserve;
    this.#reserve = reserve;
    this.#reservePerMs = reservePerSecond / 1_000;
  }

  /** A call has succeeded. Costs an addition. @param now - in milliseconds of `Clock.now()`. */
  deposit(now: number): void {
    if (now >= this.#newestUntil) this.#turn(now);
    this.#slots[this.#newest] = (this.#slots[this.#newest] as number) + this.#ratio;
  }

  /** Whether a token is there. */
  has(now: number): boolean {
    return this.#balance(now) >= token;
  }

  /** Takes a token; false where there is none. */
  draw(now: number): boolean {
    if (!this.has(now)) return false;
    let owed = 1;
    for (let age = slots - 1; age >= 0 && owed > 0; age -= 1) {
      const slot = (this.#newest + slots - age) % slots;
      const taken = Math.min(owed, this.#slots[slot] as number);
      this.#slots[slot] = (this.#slots[slot] as number) - taken;
      owed -= taken;
    }
    this.#reserve = Math.max(0, this.#reserve - owed);
    return true;
  }

  #balance(now: number): number {
    if (now >= this.#newestUntil) this.#turn(now);
    const passedMs = this.#reserveAt === Number.NEGATIVE_INFINITY ? 0 : Math.max(0, now - this.#reserveAt);
    this.#reserveAt = Math.max(this.#reserveAt, now);
    this.#reserve = Math.min(this.#maxReserve, this.#reserve + passedMs * this.#reservePerMs);
    return this.#slots.reduce((sum, deposited) => sum + deposited, this.#reserve);
  }

  /** Begins the second that `now` lies in, and forgets those that are too old. */
  #turn(now: number): void {
    const seconds = Math.min(slots, Math.floor((now - this.#newestUntil) / slotMs) + 1);
    for (let passed = 0; passed < seconds; passed += 1) {
      this.#newest = (this.#newest + 1) % slots;
      this.#slots[this.#newest] = 0;
    }
    this.#newestUntil = (Math.floor(now / slotMs) + 1) * slotMs;
  }
}

const slotMs = 1_000;
const slots = 10;
/** Ten times a tenth is a little less than one. */
const token = 1 - 1e-9;
