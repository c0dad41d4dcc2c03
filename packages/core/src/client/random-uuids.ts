import { randomFillSync } from 'node:crypto';
import { readUuid } from '@tenon/contract/authoring';

/**
 * Random UUIDs (RFC 9562, version 4) for whoever needs one with each message. Node's own are ropes of twenty pieces: made and
 * written as bytes they take two and a half times as long as these.
 */
export class RandomUuids {
  readonly #pool = new Uint8Array(poolBytes);
  #at = poolBytes;

  next(): string {
    if (this.#at === poolBytes) {
      randomFillSync(this.#pool);
      this.#at = 0;
    }
    const pool = this.#pool;
    const at = this.#at;
    this.#at = at + uuidBytes;
    pool[at + 6] = ((pool[at + 6] ?? 0) & 0x0f) | 0x40;
    pool[at + 8] = ((pool[at + 8] ?? 0) & 0x3f) | 0x80;
    return readUuid(pool, at);
  }
}

const uuidBytes = 16;
/** For 256 of them. */
const poolBytes = 256 * uuidBytes;
