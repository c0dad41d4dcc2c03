import type { AckSubject } from './ack-subject.js';

/**
 * What a subscription has acknowledged lately. A server that dies has not written down every acknowledgement that it had, and hands those
 * messages out again when it is back: whoever handled them then need only say so again.
 *
 * Of each place of the stream, counted modulo {@link places}, the last message is known: numbers in two arrays, since a map of so many
 * would be copied about by the garbage collector with every message.
 */
export class RecentlyHandled {
  readonly #sequences = new Float64Array(places);
  readonly #storedAt = new Float64Array(places);

  add({ sequence, storedAt }: AckSubject): void {
    const place = sequence % places;
    this.#sequences[place] = sequence;
    this.#storedAt[place] = storedAt;
  }

  has({ sequence, storedAt }: AckSubject): boolean {
    const place = sequence % places;
    return this.#sequences[place] === sequence && this.#storedAt[place] === storedAt;
  }
}

/** Some seconds of the most that a subscription handles, in 1 MiB. */
const places = 65_536;
