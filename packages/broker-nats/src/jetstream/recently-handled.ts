import type { AckSubject } from './ack-subject.js';

/**
 * What a subscription has acknowledged lately. A server that dies has not written down every acknowledgement that it had, and hands those
 * messages out again when it is back: whoever handled them then need only say so again.
 */
export class RecentlyHandled {
  /** Two generations: what is old goes all at once, as a map whose oldest key is looked for each time passes over all that went before. */
  #newer = new Map<number, string>();
  #older = new Map<number, string>();

  add({ sequence, storedAt }: AckSubject): void {
    this.#newer.set(sequence, storedAt);
    if (this.#newer.size < generation) return;
    this.#older = this.#newer;
    this.#newer = new Map();
  }

  has({ sequence, storedAt }: AckSubject): boolean {
    return (this.#newer.get(sequence) ?? this.#older.get(sequence)) === storedAt;
  }
}

/** Of the last 65,536 at least: some seconds of the most that a subscription handles. */
const generation = 65_536;
