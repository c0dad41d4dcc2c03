/**
 * Knows messages that come again at most once, though no answer was had the first time: each publisher numbers what it posts to a
 * subscription, one after the other. The newest thousand publishers are remembered.
 */
export class Repetitions {
  readonly #last = new Map<string, number>();

  /** Whether a number was seen before; from now on it was. */
  has(lane: string, sequence: number): boolean {
    const last = this.#last.get(lane) ?? 0;
    if (sequence <= last) return true;
    // The newest stands last.
    this.#last.delete(lane);
    this.#last.set(lane, sequence);
    for (const oldest of this.#last.keys()) {
      if (this.#last.size <= maxLanes) break;
      this.#last.delete(oldest);
    }
    return false;
  }
}

const maxLanes = 1_000;
