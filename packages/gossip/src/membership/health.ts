/**
 * How healthy this member finds itself: 0 is well. Missed answers and being accused make it worse, answers make it better; the worse, the
 * slower it probes others, because the fault may be its own.
 *
 * Source: Lifeguard (see {@link Suspicion}), §IV-A, "Local Health Multiplier".
 */
export class Health {
  readonly #maxSlowdown: number;
  #score = 0;

  constructor(maxSlowdown: number) {
    this.#maxSlowdown = maxSlowdown;
  }

  /** 0 to `maxSlowdown − 1`. */
  get score(): number {
    return this.#score;
  }

  add(delta: number): void {
    this.#score = Math.min(this.#maxSlowdown - 1, Math.max(0, this.#score + delta));
  }

  /** A time as it is for a member of this health. */
  stretched(timeMs: number): number {
    return timeMs * (this.#score + 1);
  }
}
