/**
 * Where cells that run side by side wait for each other: starting the processes of one would disturb what another measures.
 * Whoever ends without having come here is not waited for.
 */
export class StartLine {
  readonly #missing: Set<object>;
  #waiting: (() => void)[] = [];

  /** @param cells - all who are to come. */
  constructor(cells: readonly object[]) {
    this.#missing = new Set(cells);
  }

  /** Resolves when all others are here, too. At once where they have been: a void run that is repeated does not wait. */
  async reach(cell: object): Promise<void> {
    this.leave(cell);
    if (this.#missing.size > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Is not waited for any longer. */
  leave(cell: object): void {
    this.#missing.delete(cell);
    if (this.#missing.size > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
