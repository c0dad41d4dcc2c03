import { type OutcomeKind, ServiceError } from '@tenon/contract';
import type { ResolvedBreaker } from './breaker-options.js';

/**
 * `closed`: calls pass and are counted. `open`: too many failed, and none passes. `half_open`: one passes, to find out whether
 * the others may.
 */
export type BreakerState = 'closed' | 'open' | 'half_open';

/** Who hears of the changes of a breaker. */
export type BreakerChanged = (state: BreakerState) => void;

/** Stops the calls of one endpoint while too many of them fail: callers get their error at once, and servers a rest. */
export class Breaker {
  readonly #options: ResolvedBreaker;
  readonly #changed: BreakerChanged;
  readonly #calls: Float64Array = new Float64Array(slots);
  readonly #failures: Float64Array = new Float64Array(slots);
  #slot = 0;
  #slotEndsAt = Number.NEGATIVE_INFINITY;
  #state: BreakerState = 'closed';
  #openUntil = 0;
  #changes = 0;
  /** Until when a half-open breaker waits for the one call that it has let through: a stream may never say anything. */
  #tryingUntil = Number.NEGATIVE_INFINITY;

  constructor(options: ResolvedBreaker, changed: BreakerChanged) {
    this.#options = options;
    this.#changed = changed;
  }

  /** Counts its changes: a call that began before the last of them says nothing about now. */
  get changes(): number {
    return this.#changes;
  }

  /** Says why a call does not pass; undefined where it does. One that passed must be told of by `ended`. */
  refusal(service: string, endpoint: string, now: number): ServiceError | undefined {
    if (this.#state === 'closed') return undefined;
    if (this.#state === 'open' && now >= this.#openUntil) this.#become('half_open');
    if (this.#state === 'half_open' && now >= this.#tryingUntil) {
      this.#tryingUntil = now + this.#options.openMs;
      return undefined;
    }
    const why = `the circuit breaker of ${service} ${endpoint} is ${this.#state === 'open' ? 'open' : 'half open'}: too many of its calls have failed`;
    return new ServiceError('Unavailable', why, { executed: 'no', service, endpoint });
  }

  /**
   * A call that passed has ended.
   *
   * @param changes - as they were when it passed.
   */
  ended(kind: OutcomeKind, now: number, changes: number): void {
    if (changes !== this.#changes) return;
    const failed = kind !== 'served' && kind !== 'abandoned';
    if (this.#state === 'half_open') {
      this.#tryingUntil = Number.NEGATIVE_INFINITY;
      if (kind === 'abandoned') return;
      if (failed) this.#open(now);
      else this.#close();
      return;
    }
    if (kind === 'abandoned') return;
    this.#turnTo(now);
    this.#calls[this.#slot] = (this.#calls[this.#slot] as number) + 1;
    if (!failed) return;
    this.#failures[this.#slot] = (this.#failures[this.#slot] as number) + 1;
    const calls = sum(this.#calls);
    if (calls >= this.#options.minCalls && sum(this.#failures) >= calls * this.#options.failureRatio) this.#open(now);
  }

  #open(now: number): void {
    this.#openUntil = now + this.#options.openMs;
    this.#become('open');
  }

  #close(): void {
    this.#calls.fill(0);
    this.#failures.fill(0);
    this.#become('closed');
  }

  #become(state: BreakerState): void {
    this.#state = state;
    this.#changes += 1;
    this.#tryingUntil = Number.NEGATIVE_INFINITY;
    this.#changed(state);
  }

  #turnTo(now: number): void {
    if (now < this.#slotEndsAt) return;
    const slotMs = this.#options.windowMs / slots;
    const passed = Math.min(slots, Math.floor((now - this.#slotEndsAt) / slotMs) + 1);
    for (let turned = 0; turned < passed; turned += 1) {
      this.#slot = (this.#slot + 1) % slots;
      this.#calls[this.#slot] = 0;
      this.#failures[this.#slot] = 0;
    }
    this.#slotEndsAt = (Math.floor(now / slotMs) + 1) * slotMs;
  }
}

function sum(counts: Float64Array): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** The window is kept in so many parts; the oldest is dropped as a whole. */
const slots = 10;
