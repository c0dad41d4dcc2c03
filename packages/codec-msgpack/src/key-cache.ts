import { readText } from '@tenon/contract/authoring';

/**
 * The names of fields that were read lately, so that a name that comes again is found by its bytes and not made anew.
 *
 * What it gives is the engine's own copy of the name, which objects take as a key without looking it up. A table of fixed
 * size, whatever peers send: two names that fall on one place push each other out, which costs time and nothing else.
 */
export class KeyCache {
  readonly #keys: string[] = new Array<string>(places).fill('');
  /** How many bytes the key at each place has, and the bytes. Zero is a free place: the empty key is not kept. */
  readonly #lengths = new Uint8Array(places);
  readonly #bytes = new Uint8Array(places * maxKeyBytes);

  /** The key in `bytes` bytes of UTF-8 at `position`. They must be there. */
  read(buffer: Buffer, position: number, bytes: number): string {
    if (bytes > maxKeyBytes || bytes === 0) return readText(buffer, position, bytes);
    let hash = bytes;
    for (let index = 0; index < bytes; index += 1) hash = Math.imul(hash, 31) + (buffer[position + index] as number);
    const place = (hash ^ (hash >>> 9)) & (places - 1);
    if (this.#lengths[place] === bytes && this.#isAt(place, buffer, position, bytes))
      return this.#keys[place] as string;
    return this.#keep(place, buffer, position, bytes);
  }

  #isAt(place: number, buffer: Buffer, position: number, bytes: number): boolean {
    const kept = this.#bytes;
    const first = place * maxKeyBytes;
    for (let index = 0; index < bytes; index += 1) {
      if (kept[first + index] !== buffer[position + index]) return false;
    }
    return true;
  }

  #keep(place: number, buffer: Buffer, position: number, bytes: number): string {
    const key = internalized(readText(buffer, position, bytes));
    const first = place * maxKeyBytes;
    for (let index = 0; index < bytes; index += 1) this.#bytes[first + index] = buffer[position + index] as number;
    this.#lengths[place] = bytes;
    this.#keys[place] = key;
    return key;
  }
}

/** The engine's own copy of a name: the one that stands in objects. */
function internalized(name: string): string {
  return Object.keys({ [name]: undefined })[0] as string;
}

/** A power of two. With the bytes beside them, 16 KiB and the names themselves. */
const places = 512;
const maxKeyBytes = 32;
