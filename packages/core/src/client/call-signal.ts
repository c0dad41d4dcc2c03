import type { Clock } from '@tenon/contract';
import type { SignalSource } from '../interceptors/seen-call.js';
import { type CallEnd, EndWatch } from './until-end.js';

/**
 * The signal of a call for its interceptors: nothing is made, and nothing watched, before one of them looks at it.
 *
 * It is of use until everyone who holds it has let go: an interceptor may go on after the call is over.
 */
export class CallSignal implements SignalSource {
  readonly #call: CallEnd;
  readonly #clock: Clock;
  #controller: AbortController | undefined;
  #watch: EndWatch | undefined;
  #holders: number;

  /** @param holders - how many will let go of it. */
  constructor(call: CallEnd, clock: Clock, holders: number) {
    this.#call = call;
    this.#clock = clock;
    this.#holders = holders;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      // Whoever rethrows the reason cannot know how far the call had got.
      if (this.#holders > 0)
        this.#watch = new EndWatch(this.#call, this.#clock, (error) =>
          controller.abort(error.with({ executed: 'maybe' })),
        );
    }
    return this.#controller.signal;
  }

  /** One of its holders lets go. After the last it watches nothing any more. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#watch?.stop();
  }
}
