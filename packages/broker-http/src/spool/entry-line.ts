import type { StoredEntry } from './spool-store.js';

/** An entry on its way: as it is stored, with the attempts that were made since. */
export interface Entry extends StoredEntry {
  attempts: number;
}

/** Entries in their order; those that come again go first. */
export class EntryLine {
  readonly #again: Entry[] = [];
  #first: Entry[] = [];
  #head = 0;

  get size(): number {
    return this.#again.length + this.#first.length - this.#head;
  }

  push(entry: Entry): void {
    this.#first.push(entry);
  }

  /** Puts one back, before all that were added after it. */
  putBack(entry: Entry): void {
    const at = this.#again.findIndex(({ id }) => id > entry.id);
    this.#again.splice(at < 0 ? this.#again.length : at, 0, entry);
  }

  shift(): Entry | undefined {
    const again = this.#again.shift();
    if (again !== undefined) return again;
    const entry = this.#first[this.#head];
    if (entry === undefined) return undefined;
    this.#head += 1;
    if (this.#head >= 1_024 && this.#head * 2 > this.#first.length) {
      this.#first = this.#first.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }

  /** Empties it. */
  take(): readonly Entry[] {
    const all = [...this.#again.splice(0), ...this.#first.slice(this.#head)];
    this.#first = [];
    this.#head = 0;
    return all;
  }
}
