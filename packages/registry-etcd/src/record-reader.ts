import type { ServiceRecord } from '@tenon/contract';
import { decodeRecord, type SkippedEntries, type SkippedEntry } from '@tenon/contract/authoring';
import type { IKeyValue } from 'etcd3';

/**
 * Reads what others wrote. A value that cannot be used is left out and warned about once: not again by each lookup,
 * watch and list that meets it, until it is written anew.
 */
export class RecordReader {
  readonly #skipped: SkippedEntries;

  constructor(skipped: SkippedEntries) {
    this.#skipped = skipped;
  }

  /** The usable records among some key-value pairs, by key; `undefined` for the others. */
  read(keyValues: readonly IKeyValue[]): ReadonlyMap<string, ServiceRecord | undefined> {
    const records = new Map<string, ServiceRecord | undefined>();
    const skipped: SkippedEntry[] = [];
    for (const { key: bytes, value, mod_revision: fingerprint } of keyValues) {
      const key = bytes.toString();
      try {
        records.set(key, decodeRecord(value));
      } catch (thrown) {
        records.set(key, undefined);
        skipped.push({ key, fingerprint, thrown });
      }
    }
    if (skipped.length > 0) this.#skipped.metAll(skipped);
    return records;
  }
}
