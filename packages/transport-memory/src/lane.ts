import type { CancelTimer, Clock } from '@tenon/contract';
import type { Receiver } from './wire.js';

/**
 * One direction of one call: frames arrive in the order in which they were sent, each after the latency. Without one
 * they arrive in the next microtask, because no wire answers before its caller waits.
 */
export class Lane<F> {
  readonly #latencyMs: number;
  readonly #clock: Clock;
  readonly #receiver: Receiver<F>;
  #sent: F[] = [];
  /** When each arrives; empty where there is no latency. */
  #dueAt: number[] = [];
  #underWay = false;
  #closed = false;
  #cancelTimer: CancelTimer | undefined;

  constructor(latencyMs: number, clock: Clock, receiver: Receiver<F>) {
    this.#latencyMs = latencyMs;
    this.#clock = clock;
    this.#receiver = receiver;
  }

  /** Sends a frame. Once closed it goes nowhere. */
  send(frame: F): void {
    if (this.#closed) return;
    this.#sent.push(frame);
    if (this.#latencyMs > 0) this.#dueAt.push(this.#clock.now() + this.#latencyMs);
    if (!this.#underWay) this.#depart();
  }

  /** Loses what is under way, and stops the timer. */
  close(): void {
    this.#closed = true;
    this.#sent.length = 0;
    this.#dueAt.length = 0;
    this.#cancelTimer?.();
  }

  #depart(): void {
    this.#underWay = true;
    const [dueAt] = this.#dueAt;
    if (dueAt === undefined) queueMicrotask(this.#arrive);
    else this.#cancelTimer = this.#clock.after(Math.max(0, dueAt - this.#clock.now()), this.#arrive);
  }

  readonly #arrive = (): void => {
    for (const frame of this.#arrived()) {
      if (this.#closed) return;
      this.#receiver.receive(frame);
    }
    this.#underWay = false;
    if (this.#sent.length > 0) this.#depart();
  };

  #arrived(): readonly F[] {
    if (this.#latencyMs === 0) {
      const all = this.#sent;
      this.#sent = [];
      return all;
    }
    // The timer was set for the first, and timers may fire a fraction of a millisecond early.
    const now = Math.max(this.#clock.now(), this.#dueAt[0] ?? 0);
    const later = this.#dueAt.findIndex((dueAt) => dueAt > now);
    const count = later < 0 ? this.#dueAt.length : later;
    this.#dueAt.splice(0, count);
    return this.#sent.splice(0, count);
  }
}
