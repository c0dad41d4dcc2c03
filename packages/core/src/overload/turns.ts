/** Values that have turns: each is next once all others have been. */
export class Turns<K, V> {
  readonly #values = new Map<K, V>();

  get isEmpty(): boolean {
    return this.#values.size === 0;
  }

  get(key: K): V | undefined {
    return this.#values.get(key);
  }

  /** Puts one behind all others, whose key has none yet. */
  add(key: K, value: V): V {
    this.#values.set(key, value);
    return value;
  }

  delete(key: K): void {
    this.#values.delete(key);
  }

  /** Whose turn it is; the turn after that is another's, if there is one. */
  next(): V | undefined {
    for (const [key, value] of this.#values) {
      if (this.#values.size > 1) {
        this.#values.delete(key);
        this.#values.set(key, value);
      }
      return value;
    }
    return undefined;
  }
}
