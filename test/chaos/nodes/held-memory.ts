/**
 * How much memory a process holds outside of garbage, at the worst moment: it collects garbage at each turn of the loop, for which
 * it must be started with `--expose-gc`. Slow: for single calls.
 */
export class HeldMemory {
  #base = 0;
  #most = 0;
  #isWatching = false;

  /** Counts from what is held now. */
  async watch(): Promise<void> {
    // What was let go of lately takes some turns to be gone.
    this.#base = this.#held();
    for (let turn = 0; turn < 20; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      this.#base = Math.min(this.#base, this.#held());
    }
    this.#most = this.#base;
    this.#isWatching = true;
    this.#look();
  }

  /** What is held now. */
  now(): number {
    return this.#held();
  }

  /** The most that was held beyond it. */
  most(): number {
    this.#isWatching = false;
    return this.#most - this.#base;
  }

  #look(): void {
    if (!this.#isWatching) return;
    this.#most = Math.max(this.#most, this.#held());
    setImmediate(() => this.#look());
  }

  #held(): number {
    if (globalThis.gc === undefined) throw new Error('the process was not started with --expose-gc');
    // The second one waits until what the first one found is counted as freed.
    globalThis.gc();
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  }
}
