import type { Settlement } from '@tenon/contract/authoring';

/** Events that JetStream knows as one message: it is acknowledged where each of them is, and else comes again whole. */
export class BatchSettlement implements Settlement {
  #againAfterMs: number | undefined;

  constructor(private readonly whole: Settlement) {}

  ack(): void {}

  nack(delayMs: number): void {
    this.#againAfterMs = Math.max(delayMs, this.#againAfterMs ?? 0);
  }

  working(): void {
    this.whole.working();
  }

  /** Each has been settled. */
  end(): void {
    if (this.#againAfterMs === undefined) this.whole.ack();
    else this.whole.nack(this.#againAfterMs);
  }
}
