/**
 * Runs tasks at most `limit` at a time, the rest in order of arrival: what a subscription's `maxInFlight` is made of.
 */
export class WorkerPool {
  readonly #limit: number;
  readonly #waiting: (() => Promise<void>)[] = [];
  #head = 0;
  #running = 0;
  #idle: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Tasks that wait or run. */
  get size(): number {
    return this.#running + this.#waiting.length - this.#head;
  }

  /** Takes a task, which must not reject: an error of it belongs to whoever made it. */
  run(task: () => Promise<void>): void {
    if (this.#running < this.#limit) this.#start(task);
    else this.#waiting.push(task);
  }

  /** Drops the tasks that wait. Those that run go on. */
  clear(): void {
    this.#waiting.length = 0;
    this.#head = 0;
    if (this.#running === 0) this.#becameIdle();
  }

  /** Resolves when nothing waits or runs. */
  idle(): Promise<void> {
    if (this.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #start(task: () => Promise<void>): void {
    this.#running += 1;
    task().then(this.#ended, this.#ended);
  }

  readonly #ended = (): void => {
    this.#running -= 1;
    const next = this.#waiting[this.#head];
    if (next !== undefined) {
      this.#head += 1;
      if (this.#head > 1_024 && this.#head * 2 > this.#waiting.length) {
        this.#waiting.splice(0, this.#head);
        this.#head = 0;
      }
      this.#start(next);
    } else if (this.#running === 0) {
      this.#waiting.length = 0;
      this.#head = 0;
      this.#becameIdle();
    }
  };

  #becameIdle(): void {
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }
}
