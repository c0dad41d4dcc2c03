import type { CancelTimer, Clock } from '@tenon/contract';

/** How long a suspect has. */
export interface SuspicionTimes {
  /** Once enough others suspect it too. */
  readonly minMs: number;
  /** While nobody else does. */
  readonly maxMs: number;
  /** How many others are enough. */
  readonly confirmations: number;
}

/**
 * The time that one suspect has left. It begins long and shrinks with the logarithm of how many suspect it independently, so that a member
 * that is slow itself accuses nobody quickly.
 *
 * Source: Dadgar, Phillips, Currey: "Lifeguard: Local Health Awareness for More Accurate Failure Detection" (2018), §IV-B.
 */
export class Suspicion {
  readonly #times: SuspicionTimes;
  readonly #clock: Clock;
  readonly #onTimeout: () => void;
  readonly #accusers: Set<string>;
  readonly #startedAt: number;
  #cancel: CancelTimer;

  constructor(from: string, times: SuspicionTimes, clock: Clock, onTimeout: () => void) {
    this.#times = times;
    this.#clock = clock;
    this.#onTimeout = onTimeout;
    this.#accusers = new Set([from]);
    this.#startedAt = clock.now();
    this.#cancel = clock.after(times.confirmations < 1 ? times.minMs : times.maxMs, onTimeout);
  }

  /** Somebody suspects it too. Returns whether that was news, which is worth telling others. */
  confirm(from: string): boolean {
    const { confirmations } = this.#times;
    if (this.#accusers.size > confirmations || this.#accusers.has(from)) return false;
    this.#accusers.add(from);
    this.#cancel();
    const elapsedMs = this.#clock.now() - this.#startedAt;
    this.#cancel = this.#clock.after(Math.max(0, this.#timeoutMs() - elapsedMs), this.#onTimeout);
    return true;
  }

  stop(): void {
    this.#cancel();
  }

  /** `max − (max − min) × log(others + 1) / log(confirmations + 1)`. */
  #timeoutMs(): number {
    const { minMs, maxMs, confirmations } = this.#times;
    const share = Math.log(this.#accusers.size) / Math.log(confirmations + 1);
    return Math.max(minMs, maxMs - share * (maxMs - minMs));
  }
}

/** `factor × max(1, log10 members) × probe interval`. */
export function suspicionMs(factor: number, memberCount: number, probeIntervalMs: number): number {
  return factor * Math.max(1, Math.log10(Math.max(1, memberCount))) * probeIntervalMs;
}
