import type { Clock, Logger, ServiceRecord } from '@tenon/contract';
import { decodeRecord, SkippedEntries } from '@tenon/contract/authoring';
import { inBatches } from './in-batches.js';
import type { Link, Znode } from './link.js';

/** Reads what others wrote. What cannot be used is left out and warned about. */
export class RecordReader {
  readonly #skipped: SkippedEntries;

  constructor(logger: Logger, clock: Clock) {
    this.#skipped = new SkippedEntries(logger, clock);
  }

  read(path: string, { data, createdBy }: Znode): ServiceRecord | undefined {
    try {
      return decodeRecord(data);
    } catch (thrown) {
      this.#skipped.met(path, `${createdBy} ${data.length} ${data.toString('latin1', 0, 64)}`, thrown);
      return undefined;
    }
  }

  /** The usable records of one directory, in the order of their names. All of them are asked for at once. */
  async directory(link: Link, path: string): Promise<readonly ServiceRecord[]> {
    const names = [...((await link.children(path)) ?? [])].sort();
    const records = await inBatches(names, (name) => this.#at(link, `${path}/${name}`));
    return records.flatMap(([, record]) => record ?? []);
  }

  /** The name of the service of a directory, several where they differ in `/` and `-` alone, none where nobody offers it. */
  async namesIn(link: Link, root: string, directory: string): Promise<readonly string[]> {
    const path = `${root}/${directory}`;
    if (directory.includes('-')) return (await this.directory(link, path)).map((record) => record.name);
    // The name says what it is: one usable entry is enough.
    for (const name of (await link.children(path)) ?? []) {
      const record = await this.#at(link, `${path}/${name}`);
      if (record !== undefined) return [record.name];
    }
    return [];
  }

  async #at(link: Link, path: string): Promise<ServiceRecord | undefined> {
    const found = await link.read(path);
    return found === undefined ? undefined : this.read(path, found);
  }
}
