/** Stops a timer that has not fired. Calling it twice, or after it fired, does nothing. */
export type CancelTimer = () => void;

/**
 * Time, as everything in Tenon reads it, so that tests can move it by hand.
 */
export abstract class Clock {
  /** Monotonic milliseconds, with fractions; only differences mean something. Never steps with the wall clock. */
  abstract now(): number;

  /** Milliseconds since 1970 by the wall clock, for timestamps that people and other machines read. */
  abstract wallTime(): number;

  /**
   * Calls `callback` once after `delayMs` (0 and more; `Infinity` never). The timer does not keep the process alive.
   * Returns the function that stops it.
   */
  abstract after(delayMs: number, callback: () => void): CancelTimer;
}
