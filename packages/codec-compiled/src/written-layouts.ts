import { answerEntry, layoutEntry, malformed, maxNumber, offerEntry } from './announcement.js';
import type { KnownLayout } from './known-layout.js';

/**
 * A layout on its way to being used by the writing side of a connection: told by its hash, then, where the peer does not
 * know that, whole. Until the peer can read it, and for good where it refuses, values go plain.
 */
export class WrittenLayout {
  /** Whether the peer reads values of it. */
  agreed = false;
  state: 'new' | 'offered' | 'settled' | 'refused' = 'new';

  constructor(
    readonly number: number,
    readonly known: KnownLayout,
  ) {}
}

/** The layouts that one side of a connection writes, by the numbers that it gave them. */
export class WrittenLayouts {
  readonly #byNumber: WrittenLayout[] = [];
  /** What the peer must be told, in order. Most of the time there is nothing. */
  #news: (() => Buffer)[] | undefined;

  /** Undefined where all numbers are used up. */
  of(known: KnownLayout): WrittenLayout | undefined {
    // Asked once for each class on a connection, and connections are many: a list takes less than a map.
    let written = this.#byNumber.find((one) => one.known === known);
    if (written === undefined && this.#byNumber.length < maxNumber) {
      written = new WrittenLayout(this.#byNumber.length + 1, known);
      this.#byNumber.push(written);
    }
    return written;
  }

  /** Asks the peer whether it knows a layout, if that was not asked yet. */
  offer(written: WrittenLayout): void {
    if (written.state !== 'new') return;
    written.state = 'offered';
    this.#announce(() => offerEntry(written.number, written.known.hash));
  }

  /** The peer's answer to an offer; it may refuse at any time. @throws ServiceError `InvalidArgument` where none was asked for. */
  answered(number: number, answer: 'accepted' | 'wanted' | 'refused'): void {
    const written = this.#byNumber[number - 1];
    if (written === undefined || written.state === 'new') throw malformed(`it answers about the layout ${number}`);
    if (answer === 'refused') {
      written.state = 'refused';
      written.agreed = false;
      return;
    }
    if (written.state !== 'offered') throw malformed(`it answers a second time about the layout ${number}`);
    written.state = 'settled';
    if (answer === 'accepted') written.agreed = true;
    else this.#announce(() => this.#told(written));
  }

  /** Answers the peer about one of its own layouts, which stand in the same announcements. */
  answer(number: number, answer: 'accepted' | 'wanted' | 'refused'): void {
    this.#announce(() => answerEntry(answer, number));
  }

  /** The next entry to announce. Once it was given away, values may be written that need it. */
  next(): Buffer | undefined {
    const entry = this.#news?.shift()?.();
    if (this.#news?.length === 0) this.#news = undefined;
    return entry;
  }

  #announce(entry: () => Buffer): void {
    this.#news ??= [];
    this.#news.push(entry);
  }

  #told(written: WrittenLayout): Buffer {
    // From now on: whatever is written next comes after this entry. It may have been refused since it was wanted.
    written.agreed = written.state !== 'refused';
    return layoutEntry(written.number, written.known.bytes);
  }
}
