import type { MessageOutput } from './message-output.js';

/** What becomes of the messages that a {@link MessagePump} takes. */
export interface PumpTarget {
  /** One message on its way into the output. What it throws ends the pumping. */
  onMessage(message: unknown): void;
  /** The source has ended. */
  onSourceEnd(): void;
  /** The source threw, or `onMessage` did. */
  onSourceFailure(thrown: unknown): void;
}

/**
 * Takes messages from an iteration, no faster than an output passes them on. The iteration is returned from where it is
 * left early, and never touched after its end.
 */
export class MessagePump {
  readonly #iterator: AsyncIterator<unknown>;
  readonly #target: PumpTarget;
  #state: 'pumping' | 'over' = 'pumping';

  constructor(messages: AsyncIterable<unknown>, target: PumpTarget) {
    this.#iterator = messages[Symbol.asyncIterator]();
    this.#target = target;
  }

  /** Pumps until the source ends, fails, or `stop`. Never rejects. */
  async run(output: () => MessageOutput): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#iterator.next();
        if (this.#state === 'over') return;
        if (done === true) {
          this.#state = 'over';
          this.#target.onSourceEnd();
          return;
        }
        if (!this.#pass(value)) return;
        const out = output();
        if (out.full) await out.drained();
        if (out.stretched) await out.nextTurn();
        // `stop` may have been called during the wait.
        if (this.#over) return;
      }
    } catch (thrown) {
      if (this.#over) return;
      this.#state = 'over';
      this.#target.onSourceFailure(thrown);
    }
  }

  /** Leaves the source. Its error on leaving is nobody's: whoever it was for is gone. */
  stop(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    returnFrom(this.#iterator);
  }

  get #over(): boolean {
    return this.#state === 'over';
  }

  #pass(message: unknown): boolean {
    try {
      this.#target.onMessage(message);
      return !this.#over;
    } catch (thrown) {
      if (this.#over) return false;
      this.stop();
      this.#target.onSourceFailure(thrown);
      return false;
    }
  }
}

/** Returns from an iteration that nobody reads on. */
export function leaveMessages(messages: AsyncIterable<unknown>): void {
  returnFrom(messages[Symbol.asyncIterator]());
}

function returnFrom(iterator: AsyncIterator<unknown>): void {
  try {
    const left: unknown = iterator.return?.();
    if (left instanceof Promise) left.catch(ignore);
  } catch (thrown) {
    ignore(thrown);
  }
}

function ignore(_thrown: unknown): void {}
