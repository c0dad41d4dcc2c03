import type { Clock } from '@tenon/contract';
import type { SignalSource } from '../interceptors/seen-call.js';
import { type CallEnd, EndWatch } from './until-end.js';

/** The signal of a call for its interceptors: nothing is made, and nothing watched, before one of them looks at it. */
export class CallSignal implements SignalSource {
  readonly #call: CallEnd;
  readonly #clock: Clock;
  #controller: AbortController | undefined;
  #watch: EndWatch | undefined;
  #released = false;

  constructor(call: CallEnd, clock: Clock) {
    this.#call = call;
    this.#clock = clock;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      // Whoever rethrows the reason cannot know how far the call had got.
      if (!this.#released)
        this.#watch = new EndWatch(this.#call, this.#clock, (error) =>
          controller.abort(error.with({ executed: 'maybe' })),
        );
    }
    return this.#controller.signal;
  }

  /** The call has ended: stops watching. */
  release(): void {
    this.#released = true;
    this.#watch?.stop();
  }
}
