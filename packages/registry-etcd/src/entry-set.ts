import type { ServiceRecord } from '@tenon/contract';
import type { IEvent, IKeyValue } from 'etcd3';
import type { RecordReader } from './record-reader.js';

/** One key of the registry as it was last read; without a record where the value cannot be used. */
interface Entry {
  readonly value: Buffer;
  readonly record: ServiceRecord | undefined;
}

/**
 * The entries under one prefix, as far as they are known. A value that did not change is not parsed again and keeps its
 * record, so that sets can be compared by identity.
 */
export class EntrySet {
  readonly #reader: RecordReader;
  #entries = new Map<string, Entry>();

  constructor(reader: RecordReader) {
    this.#reader = reader;
  }

  /** Takes the whole of what a range read holds. With `keepMissing`, entries that it does not hold stay. */
  replace(keyValues: readonly IKeyValue[], keepMissing: boolean): void {
    const known = this.#entries;
    this.#entries = new Map(keepMissing ? known : []);
    this.#put(keyValues, known);
  }

  /** Whether a range read lacks more than half of the entries that are known. */
  isMostlyMissingFrom(keyValues: readonly IKeyValue[]): boolean {
    const found = new Set(keyValues.map(({ key }) => key.toString()));
    const missing = [...this.#entries.keys()].filter((key) => !found.has(key)).length;
    return missing * 2 > this.#entries.size;
  }

  /** Takes changes in the order in which they were made. */
  apply(events: readonly IEvent[]): void {
    for (const { type, kv } of events) {
      if (type === 'Delete') this.#entries.delete(kv.key.toString());
      else this.#put([kv], this.#entries);
    }
  }

  /** The usable records of one service, one for each node, in the order of their keys. */
  recordsOf(service: string): readonly ServiceRecord[] {
    const keys = [...this.#entries.keys()].sort();
    const records = keys.flatMap((key) => this.#entries.get(key)?.record ?? []);
    // Names that differ in `/` and `-` alone share their keys' prefix.
    return records.filter((record) => record.name === service);
  }

  #put(keyValues: readonly IKeyValue[], known: ReadonlyMap<string, Entry>): void {
    const changed: IKeyValue[] = [];
    for (const keyValue of keyValues) {
      const key = keyValue.key.toString();
      const entry = known.get(key);
      if (entry?.value.equals(keyValue.value) === true) this.#entries.set(key, entry);
      else changed.push(keyValue);
    }
    const records = this.#reader.read(changed);
    for (const { key: bytes, value } of changed) {
      const key = bytes.toString();
      this.#entries.set(key, { value, record: records.get(key) });
    }
  }
}
