import { Assemblies } from './message-assembly.js';

/** What all streams of one transport hold in memory for readers that have not come yet. */
export class StreamBudget {
  readonly #maxBytes: number;
  /** The messages among it that are not whole, which nobody can consume: they may not be all of it. */
  readonly growing: Assemblies;
  #usedBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.growing = new Assemblies(maxBytes);
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Whether all is used: then peers get no further credit for their connections but what is consumed. */
  get exhausted(): boolean {
    return this.#usedBytes >= this.#maxBytes;
  }

  /** Counts bytes that are held. */
  hold(bytes: number): void {
    this.#usedBytes += bytes;
  }

  /** Counts bytes that are not held any more. */
  release(bytes: number): void {
    this.#usedBytes -= bytes;
  }

  /** How much a stream may be granted ahead: what it wants while there is plenty, less near the end. */
  windowFor(wantedBytes: number): number {
    const left = this.#maxBytes - this.#usedBytes;
    if (left > this.#maxBytes / 2) return wantedBytes;
    return Math.min(wantedBytes, left > this.#maxBytes / 4 ? shortWindowBytes : leastWindowBytes);
  }
}

const shortWindowBytes = 64 * 1_024;
const leastWindowBytes = 16 * 1_024;
