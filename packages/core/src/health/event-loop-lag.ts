import { type CancelTimer, type Clock, type Gauge, type HealthCheck, ServiceError } from '@tenon/contract';

/**
 * How late the event loop is, measured by one timer that says by itself how late it came: what blocks the loop holds the
 * timer up too. A check that fails from the end of a block on, until the loop has kept up for a second.
 */
export class EventLoopLag implements HealthCheck {
  readonly name = 'event-loop';
  readonly scope = 'readiness';
  readonly #clock: Clock;
  readonly #gauge: Gauge;
  readonly #maxLagMs: number;
  #cancelTick: CancelTimer | undefined;
  /** When the timer is to fire. */
  #dueAt = Number.POSITIVE_INFINITY;
  #lateAt = Number.NEGATIVE_INFINITY;
  #lateMs = 0;
  /** The longest lag since the gauge was set last. */
  #longestMs = 0;
  #ticks = 0;

  constructor(clock: Clock, gauge: Gauge, maxLagMs: number) {
    this.#clock = clock;
    this.#gauge = gauge;
    this.#maxLagMs = maxLagMs;
  }

  /** @param onLate - called as soon as a lag over the limit is noticed. */
  start(onLate: () => void): void {
    if (this.#cancelTick !== undefined) return;
    const tick = (): void => {
      const wasLate = this.#measure();
      this.#next(tick);
      if (wasLate) onLate();
    };
    this.#next(tick);
  }

  stop(): void {
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  check(): void {
    // A probe may come before the timer does.
    const overdueMs = this.#clock.now() - this.#dueAt;
    if (overdueMs > this.#maxLagMs) throw late(overdueMs);
    if (this.#clock.now() - this.#lateAt < quietMs) throw late(this.#lateMs);
  }

  #next(tick: () => void): void {
    this.#dueAt = this.#clock.now() + tickMs;
    this.#cancelTick = this.#clock.after(tickMs, tick);
  }

  #measure(): boolean {
    const now = this.#clock.now();
    const lagMs = Math.max(0, now - this.#dueAt);
    this.#longestMs = Math.max(this.#longestMs, lagMs);
    this.#ticks += 1;
    if (this.#ticks % ticksPerGauge === 0 || lagMs > this.#maxLagMs) {
      this.#gauge.set(this.#longestMs);
      this.#longestMs = 0;
    }
    if (lagMs <= this.#maxLagMs) return false;
    this.#lateAt = now;
    this.#lateMs = lagMs;
    return true;
  }
}

function late(lagMs: number): ServiceError {
  return new ServiceError('Unavailable', `the event loop was blocked for ${Math.round(lagMs)} ms`);
}

/** Short enough that a block is seen at once when it ends, long enough to cost nothing. */
const tickMs = 100;
const ticksPerGauge = 10;
/** How long the loop must have kept up until it is trusted again. */
const quietMs = 1_000;
