/** Holds handlers back until it is opened. */
export class Gate {
  readonly #opened: Promise<void>;
  #open: () => void = () => {};
  #inside = 0;
  #peak = 0;

  constructor() {
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** How many handlers are inside now. */
  get inside(): number {
    return this.#inside;
  }

  /** The largest number that were inside at once. */
  get peak(): number {
    return this.#peak;
  }

  /** Goes in, and stays until the gate is open. */
  readonly pass = async (): Promise<void> => {
    this.#inside += 1;
    this.#peak = Math.max(this.#peak, this.#inside);
    await this.#opened;
    // Stay a moment longer, so that handlers that run at once are seen at once.
    await new Promise((resolve) => setImmediate(resolve));
    this.#inside -= 1;
  };

  open(): void {
    this.#open();
  }
}
