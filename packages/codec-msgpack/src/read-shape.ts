import type { EncodedKey } from './encoded-key.js';
import type { RecordCode } from './record-code.js';

/** A list of names that records are read with: one that the peer has announced, or one that is expected of a map. */
export class ReadShape {
  readonly names: readonly string[];
  readonly code: RecordCode;
  /** The names as they must stand before the values; undefined where values stand alone, in a structure. */
  readonly keys: readonly EncodedKey[] | undefined;
  /** Where {@link FamiliarMaps} keeps it. */
  readonly place: number;

  /** @param names - the engine's own copies. */
  constructor(names: readonly string[], code: RecordCode, keys?: readonly EncodedKey[], place = 0) {
    this.names = names;
    this.code = code;
    this.keys = keys;
    this.place = place;
  }
}
