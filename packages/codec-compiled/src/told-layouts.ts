import { malformed, maxNumber } from './announcement.js';
import type { KnownLayout } from './known-layout.js';
import type { LayoutLibrary } from './layout-library.js';

/** What this side makes of what the peer says about one of its layouts. */
export type Answer = 'accepted' | 'wanted' | 'refused';

/** The layouts that the peer writes on one connection, by the numbers that it gave them. */
export class ToldLayouts {
  readonly #library: LayoutLibrary;
  readonly #told: (Told | undefined)[] = [];
  #bytes = 0;

  constructor(library: LayoutLibrary) {
    this.#library = library;
  }

  /** The peer has a layout of that hash. @throws ServiceError `InvalidArgument` where it has said so before. */
  offered(number: number, hash: string): Answer {
    if (this.#told[number] !== undefined) throw malformed(`it offers the layout ${number} a second time`);
    const known = this.#library.withHash(hash);
    this.#told[number] = { hash, known, refused: false };
    return known === undefined ? 'wanted' : 'accepted';
  }

  /**
   * The layout itself, which was wanted. What is wrong with it concerns the values that are written by it, and nothing else:
   * undefined means that all is well.
   */
  told(number: number, buffer: Uint8Array, start: number, end: number): 'refused' | undefined {
    const told = this.#told[number];
    if (told === undefined || told.known !== undefined) throw malformed(`it tells the layout ${number} unasked`);
    this.#bytes += end - start;
    try {
      if (this.#bytes > maxToldBytes) throw malformed(`its layouts have more than ${maxToldBytes} bytes`);
      const known = this.#library.told(buffer, start, end);
      if (known.hash !== told.hash) throw malformed(`the layout ${number} is not the one that was offered`);
      told.known = known;
      return undefined;
    } catch (thrown) {
      told.reason = thrown;
      return this.refuse(number) ? 'refused' : undefined;
    }
  }

  /**
   * The layout of a value.
   *
   * @throws ServiceError `InvalidArgument` where there is none of that number, or what stands in the way of it.
   */
  of(number: number): KnownLayout {
    const told = number >= 1 && number <= maxNumber ? this.#told[number] : undefined;
    if (told?.known !== undefined) return told.known;
    if (told?.reason !== undefined) throw told.reason;
    throw malformed(`a value is of the layout ${number}, which was not told`);
  }

  /** Notes that the peer shall write no more by it. Says whether it is to be told so: only once. */
  refuse(number: number): boolean {
    const told = this.#told[number];
    if (told === undefined || told.refused) return false;
    told.refused = true;
    return true;
  }
}

interface Told {
  readonly hash: string;
  known: KnownLayout | undefined;
  /** Why it is not known although it was told. */
  reason?: unknown;
  refused: boolean;
}

/** Layouts of one peer on one connection, in their binary form, together. */
const maxToldBytes = 1_024 * 1_024;
