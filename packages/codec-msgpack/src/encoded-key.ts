import { int32 } from './big-endian.js';

/**
 * A name as it stands in a message, header and all, to be written and compared without looking at each byte: the first
 * eight are kept as two numbers too, and most names are no longer.
 */
export class EncodedKey {
  /** How many bytes it has. */
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #first: number;
  readonly #second: number;
  /** Which bits of the two numbers belong to the key. */
  readonly #firstMask: number;
  readonly #secondMask: number;

  constructor(name: string) {
    const text = Buffer.from(name);
    const bytes = Buffer.concat([header(text.length), text]);
    const padded = Buffer.concat([bytes, Buffer.alloc(8)]);
    const mask = Buffer.concat([Buffer.alloc(Math.min(8, bytes.length), 0xff), Buffer.alloc(8)]);
    this.length = bytes.length;
    this.#bytes = Uint8Array.from(bytes);
    this.#firstMask = int32(mask, 0);
    this.#secondMask = int32(mask, 4);
    this.#first = int32(padded, 0) & this.#firstMask;
    this.#second = int32(padded, 4) & this.#secondMask;
  }

  /** Whether the key stands at `position`, as a whole before `end`. */
  isAt(buffer: Uint8Array, position: number, end: number): boolean {
    if (position + 8 > end) return position + this.length <= end && this.#isFrom(0, buffer, position);
    const differs =
      ((int32(buffer, position) ^ this.#first) & this.#firstMask) |
      ((int32(buffer, position + 4) ^ this.#second) & this.#secondMask);
    if (differs !== 0) return false;
    return this.length <= 8 || (position + this.length <= end && this.#isFrom(8, buffer, position));
  }

  /** Puts the key at `position`. There must be room for it; what is behind it in the buffer may be overwritten. */
  write(buffer: Uint8Array, position: number): void {
    if (this.length > 8 || position + 8 > buffer.length) this.#copy(buffer, position);
    else this.#put(buffer, position);
  }

  #put(buffer: Uint8Array, position: number): void {
    const first = this.#first;
    const second = this.#second;
    buffer[position] = first >> 24;
    buffer[position + 1] = first >> 16;
    buffer[position + 2] = first >> 8;
    buffer[position + 3] = first;
    buffer[position + 4] = second >> 24;
    buffer[position + 5] = second >> 16;
    buffer[position + 6] = second >> 8;
    buffer[position + 7] = second;
  }

  #isFrom(from: number, buffer: Uint8Array, position: number): boolean {
    for (let index = from; index < this.length; index += 1) {
      if (buffer[position + index] !== this.#bytes[index]) return false;
    }
    return true;
  }

  #copy(buffer: Uint8Array, position: number): void {
    if (this.length > longestLoopBytes) buffer.set(this.#bytes, position);
    else for (let index = 0; index < this.length; index += 1) buffer[position + index] = this.#bytes[index] as number;
  }
}

/**
 * A number that is the same wherever a key with the same first eight bytes stands. Eight bytes must be there.
 *
 * Of a shorter key no more than itself counts, so that it does not matter what stands behind it.
 */
export function keyHash(buffer: Uint8Array, position: number): number {
  const first = buffer[position] as number;
  const bytes = first >= 0xa0 && first < 0xa7 ? first - 0x9f : 8;
  const high = int32(buffer, position) & (bytes >= 4 ? -1 : -1 << ((4 - bytes) * 8));
  const low = bytes > 4 ? int32(buffer, position + 4) & (-1 << ((8 - bytes) * 8)) : 0;
  const hash = Math.imul(high ^ Math.imul(low, 0x9e37_79b1), 0x85eb_ca6b);
  return hash ^ (hash >>> 15);
}

function header(bytes: number): Uint8Array {
  if (bytes < 0x20) return Uint8Array.of(0xa0 | bytes);
  if (bytes < 0x100) return Uint8Array.of(0xd9, bytes);
  return bytes < 0x1_0000
    ? Uint8Array.of(0xda, bytes >> 8, bytes)
    : Uint8Array.of(0xdb, bytes >> 24, bytes >> 16, bytes >> 8, bytes);
}

/** Longer copies are left to the engine. */
const longestLoopBytes = 32;
