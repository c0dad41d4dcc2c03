import { EncodedKey, keyHash } from './encoded-key.js';
import { ReadShape } from './read-shape.js';
import type { RecordCodes } from './record-codes.js';

/**
 * The maps that a reader has met before, by how many fields they have and what their first key is. Of the next one with
 * these it only has to see that each key is the one expected.
 *
 * What is expected is a guess, which the reader tests key by key: nothing that is read depends on it. The tables are of
 * fixed size and each place changes its mind a few times only, whatever peers send.
 */
export class FamiliarMaps {
  readonly #codes: RecordCodes;
  readonly #shapes: (ReadShape | undefined)[] = new Array(places).fill(undefined);
  readonly #metOnce: (readonly string[] | undefined)[] = new Array(places).fill(undefined);
  readonly #changes = new Uint8Array(places);

  constructor(codes: RecordCodes) {
    this.#codes = codes;
  }

  /** The place of the maps of so many fields with the first key at `position`, where eight bytes or more are there. */
  placeOf(buffer: Uint8Array, position: number, fields: number): number {
    return (keyHash(buffer, position) + fields) & (places - 1);
  }

  /** The map that is expected at a place. */
  at(place: number): ReadShape | undefined {
    return this.#shapes[place];
  }

  /** Learns that a map of so many fields at this place has become the record, when another or none was expected. */
  met(place: number, record: object, fields: number): void {
    if (this.#changes[place] === maxChanges || fields > maxFields) return;
    const names = Object.keys(record);
    const before = this.#metOnce[place];
    if (before !== undefined && isSame(before, names)) {
      this.#metOnce[place] = undefined;
      this.#changes[place] = (this.#changes[place] as number) + 1;
      const keys = names.map((name) => new EncodedKey(name));
      this.#shapes[place] = new ReadShape(names, this.#codes.of(names), keys, place);
    } else if (isWorthKeeping(names, fields)) {
      this.#metOnce[place] = names;
    }
  }
}

/** Not where a key came twice, nor with names that would cost much memory. */
function isWorthKeeping(names: readonly string[], fields: number): boolean {
  if (names.length !== fields) return false;
  let length = 0;
  for (const name of names) length += name.length;
  return length <= maxNamesLength;
}

function isSame(names: readonly string[], others: readonly string[]): boolean {
  if (names.length !== others.length) return false;
  for (let index = 0; index < names.length; index += 1) if (names[index] !== others[index]) return false;
  return true;
}

/** A power of two. */
const places = 256;
const maxChanges = 8;
const maxFields = 64;
const maxNamesLength = 1_024;
