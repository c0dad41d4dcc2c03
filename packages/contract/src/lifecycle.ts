/**
 * What a provider or a service may implement to take part in its application's life. The application calls `start` in
 * the order of dependencies, `drain` and `close` in reverse, each with a deadline, and names whoever fails.
 */
export interface Lifecycle {
  /**
   * Connects or warms up; resolves when ready to work. A provider whose back end cannot be reached rejects with
   * `Unavailable` within 2 s and leaves nothing running: the application decides whether to wait and try again, and may
   * call `start` many times. Work that must go on after `start` must not depend on `signal`.
   */
  start?(signal: AbortSignal): Promise<void>;
  /** Takes no new work and finishes what is in hand. Aborting the signal ends the wait. */
  drain?(signal: AbortSignal): Promise<void>;
  /** Frees every socket, timer and child. Also called where `start` failed. Twice is fine. */
  close?(): Promise<void>;
}
