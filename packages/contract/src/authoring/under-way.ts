/** Something that an {@link UnderWay} keeps. The three fields are that one's. */
export interface UnderWayEntry<T> {
  /** Start with false. */
  isUnderWay: boolean;
  /** Start with undefined. */
  nextUnderWay: T | undefined;
  /** Start with undefined. */
  previousUnderWay: T | undefined;
}

/** What is under way, linked by fields of its own: joining and leaving cost next to nothing, which a `Set` does not. */
export class UnderWay<T extends UnderWayEntry<T>> {
  #first: T | undefined = undefined;
  #onEmpty: (() => void)[] = [];

  get empty(): boolean {
    return this.#first === undefined;
  }

  add(entry: T): void {
    const first = this.#first;
    entry.isUnderWay = true;
    entry.nextUnderWay = first;
    if (first !== undefined) first.previousUnderWay = entry;
    this.#first = entry;
  }

  /** Does nothing for one that is not under way. */
  remove(entry: T): void {
    if (!entry.isUnderWay) return;
    const { nextUnderWay, previousUnderWay } = entry;
    if (previousUnderWay === undefined) this.#first = nextUnderWay;
    else previousUnderWay.nextUnderWay = nextUnderWay;
    if (nextUnderWay !== undefined) nextUnderWay.previousUnderWay = previousUnderWay;
    entry.isUnderWay = false;
    entry.nextUnderWay = undefined;
    entry.previousUnderWay = undefined;
    if (this.#first === undefined && this.#onEmpty.length > 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  /** All of them, as they are now. */
  all(): readonly T[] {
    const all: T[] = [];
    for (let entry = this.#first; entry !== undefined; entry = entry.nextUnderWay) all.push(entry);
    return all;
  }

  /** Resolves when nothing is under way. */
  emptied(): Promise<void> {
    return this.empty ? Promise.resolve() : new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  /** Resolves when nothing is under way. Where `signal` is aborted before, `cut` is called, which ends what is left. */
  async drained(signal: AbortSignal, cut: () => void): Promise<void> {
    if (this.empty) return;
    if (signal.aborted) cut();
    signal.addEventListener('abort', cut, { once: true });
    await this.emptied();
    signal.removeEventListener('abort', cut);
  }
}
