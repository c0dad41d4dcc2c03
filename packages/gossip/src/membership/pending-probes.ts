import type { CancelTimer, Clock } from '@tenon/contract';

/** Who waits for the answers of one sequence number. */
export interface ProbeWaiter {
  readonly onAck: () => void;
  readonly onNack?: () => void;
  readonly onTimeout?: () => void;
}

/** Probes that have no answer yet, by sequence number. */
export class PendingProbes {
  readonly #clock: Clock;
  readonly #pending = new Map<number, { readonly waiter: ProbeWaiter; readonly cancel: CancelTimer }>();
  /** Begins anywhere: answers to an earlier process at the same address must not count. */
  #sequence = Math.floor(Math.random() * 0x7fffffff);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Waits for at most `timeoutMs`. Returns the sequence number to ask with. */
  wait(timeoutMs: number, waiter: ProbeWaiter): number {
    this.#sequence = this.#sequence >= 0xffffffff ? 1 : this.#sequence + 1;
    const sequence = this.#sequence;
    const cancel = this.#clock.after(timeoutMs, () => {
      this.#pending.delete(sequence);
      waiter.onTimeout?.();
    });
    this.#pending.set(sequence, { waiter, cancel });
    return sequence;
  }

  ack(sequence: number): void {
    const found = this.#pending.get(sequence);
    if (found === undefined) return;
    this.#pending.delete(sequence);
    found.cancel();
    found.waiter.onAck();
  }

  nack(sequence: number): void {
    this.#pending.get(sequence)?.waiter.onNack?.();
  }

  /** Everybody who waits has waited long enough. */
  stop(): void {
    for (const [sequence, { cancel, waiter }] of this.#pending) {
      cancel();
      this.#pending.delete(sequence);
      waiter.onTimeout?.();
    }
  }
}
