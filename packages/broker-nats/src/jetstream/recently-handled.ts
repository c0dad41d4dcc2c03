import type { AckSubject } from './ack-subject.js';

/**
 * What a subscription has acknowledged lately. A server that dies has not written down every acknowledgement that it had, and hands those
 * messages out again when it is back: whoever handled them then need only say so again.
 */
export class RecentlyHandled {
  readonly #storedAt = new Map<number, string>();

  add({ sequence, storedAt }: AckSubject): void {
    this.#storedAt.set(sequence, storedAt);
    if (this.#storedAt.size <= limit) return;
    for (const oldest of this.#storedAt.keys()) {
      this.#storedAt.delete(oldest);
      return;
    }
  }

  has({ sequence, storedAt }: AckSubject): boolean {
    return this.#storedAt.get(sequence) === storedAt;
  }
}

/** Some seconds of the most that a subscription handles. */
const limit = 65_536;
