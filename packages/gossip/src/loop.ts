import type { Clock } from '@tenon/contract';
import { Pause } from '@tenon/contract/authoring';

/** Does something again and again, until it is stopped. */
export class Loop {
  readonly #pause: Pause;
  readonly #clock: Clock;
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#pause = new Pause(clock);
  }

  /**
   * @param everyMs - between two beginnings; work that takes longer begins again at once. The first comes after a random part of it, so that
   * members which start together do not all speak together.
   * @param work - must not reject.
   */
  start(everyMs: () => number, work: () => Promise<void> | void): void {
    this.#running = this.#run(everyMs, work);
  }

  /** Resolves when the work that is under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#pause.wake();
    await this.#running;
  }

  async #run(everyMs: () => number, work: () => Promise<void> | void): Promise<void> {
    let dueAt = this.#clock.now() + everyMs() * Math.random();
    for (;;) {
      await this.#pause.for(Math.max(0, dueAt - this.#clock.now()));
      if (this.#isStopped) return;
      const startedAt = this.#clock.now();
      await work();
      if (this.#isStopped) return;
      dueAt = startedAt + everyMs();
    }
  }
}
