import { type Logger, ServiceError, type ServiceRecord } from '@tenon/contract';
import { decodeRecord } from '@tenon/contract/authoring';
import type { IKeyValue } from 'etcd3';

/**
 * Reads what others wrote. A value that cannot be used is left out and warned about once: not again by each lookup,
 * watch and list that meets it, until it is written anew.
 */
export class RecordReader {
  readonly #logger: Logger;
  /** The revision of each value that was warned about, by key, oldest first. */
  readonly #skipped = new Map<string, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The usable records among some key-value pairs, by key; `undefined` for the others. One warning for all of them. */
  read(keyValues: readonly IKeyValue[]): ReadonlyMap<string, ServiceRecord | undefined> {
    const records = new Map<string, ServiceRecord | undefined>();
    const fresh: { readonly key: string; readonly reason: string }[] = [];
    for (const { key: bytes, value, mod_revision: revision } of keyValues) {
      const key = bytes.toString();
      try {
        records.set(key, decodeRecord(value));
      } catch (thrown) {
        records.set(key, undefined);
        if (this.#skipped.get(key) === revision) continue;
        this.#remember(key, revision);
        fresh.push({ key: key.slice(0, 512), reason: ServiceError.from(thrown).rawMessage });
      }
    }
    if (fresh.length > 0) {
      this.#logger.warn('registry entries were skipped', { count: fresh.length, first: fresh.slice(0, 3) });
    }
    return records;
  }

  #remember(key: string, revision: string): void {
    this.#skipped.set(key, revision);
    if (this.#skipped.size <= maxRemembered) return;
    const [oldest] = this.#skipped.keys();
    if (oldest !== undefined) this.#skipped.delete(oldest);
  }
}

/** Only a bound for memory: beyond it, the oldest may be warned about once more. */
const maxRemembered = 20_000;
