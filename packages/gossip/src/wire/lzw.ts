import { malformed } from './msgpack.js';

/**
 * Unpacks LZW as Go's `compress/lzw` writes it with least significant bits first and 8-bit literals, which memberlist compresses with: codes
 * from 9 to 12 bits, 256 clears the table, 257 ends.
 *
 * @throws ServiceError `DataLoss` where a code cannot be, or more than `maxBytes` come out: LZW packs up to 1,400 to one.
 */
export function unpackLzw(packed: Buffer, maxBytes: number): Buffer {
  const output = new Output(maxBytes);
  const table = new Table();
  const codes = new CodeReader(packed);
  for (let code = codes.next(table.width); code !== undefined && code !== endCode; code = codes.next(table.width)) {
    if (code === clearCode) table.clear();
    else table.read(code, output);
  }
  return output.bytes;
}

/** Codes of a varying number of bits, least significant first. */
class CodeReader {
  readonly #packed: Buffer;
  #position = 0;
  #bits = 0;
  #bitCount = 0;

  constructor(packed: Buffer) {
    this.#packed = packed;
  }

  /** Undefined at the end, also where the end was not marked. */
  next(width: number): number | undefined {
    while (this.#bitCount < width) {
      const byte = this.#packed[this.#position];
      if (byte === undefined) return undefined;
      this.#position += 1;
      this.#bits |= byte << this.#bitCount;
      this.#bitCount += 8;
    }
    const code = this.#bits & ((1 << width) - 1);
    this.#bits >>>= width;
    this.#bitCount -= width;
    return code;
  }
}

/** Each code stands for a text: that of an earlier code and one byte more. */
class Table {
  readonly #prefix = new Uint16Array(tableSize);
  readonly #suffix = new Uint8Array(tableSize);
  readonly #text = new Uint8Array(tableSize);
  /** The code that the next one read will define. */
  #next = endCode;
  #last: number | undefined;
  width = minWidth;

  clear(): void {
    this.#next = endCode;
    this.#last = undefined;
    this.width = minWidth;
  }

  read(code: number, output: Output): void {
    const isNew = code === this.#next && this.#last !== undefined && code > endCode;
    if (!isNew && code >= clearCode && code >= this.#next)
      throw malformed('compressed data has a code before its text');
    // A code that is used by the very entry it defines: the last text, and its own first byte again.
    const start = this.#spell(isNew ? (this.#last ?? 0) : code, isNew ? tableSize - 1 : tableSize);
    const first = this.#text[start] ?? 0;
    if (isNew) this.#text[tableSize - 1] = first;
    output.add(this.#text.subarray(start));
    this.#define(first);
    this.#last = code;
    this.#step();
  }

  /** Writes the text of a code so that it ends at `end`; returns where it starts. */
  #spell(code: number, end: number): number {
    let at = end;
    let rest = code;
    while (rest >= clearCode) {
      at -= 1;
      this.#text[at] = this.#suffix[rest] ?? 0;
      rest = this.#prefix[rest] ?? 0;
    }
    at -= 1;
    this.#text[at] = rest;
    return at;
  }

  #define(first: number): void {
    if (this.#last === undefined || this.#next >= tableSize) return;
    this.#suffix[this.#next] = first;
    this.#prefix[this.#next] = this.#last;
  }

  #step(): void {
    this.#next += 1;
    if (this.#next < 1 << this.width) return;
    if (this.width < maxWidth) {
      this.width += 1;
      return;
    }
    // The table is full: nothing is defined any more until it is cleared.
    this.#last = undefined;
    this.#next -= 1;
  }
}

/** Grows with what is written, up to its bound. */
class Output {
  readonly #maxBytes: number;
  #buffer = Buffer.allocUnsafe(4_096);
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  add(text: Uint8Array): void {
    const length = this.#length + text.length;
    if (length > this.#maxBytes) throw malformed(`compressed data is larger than ${this.#maxBytes} bytes`);
    if (length > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.min(this.#maxBytes, Math.max(length, this.#buffer.length * 2)));
      this.#buffer.copy(grown);
      this.#buffer = grown;
    }
    this.#buffer.set(text, this.#length);
    this.#length = length;
  }
}

const clearCode = 256;
const endCode = 257;
const minWidth = 9;
const maxWidth = 12;
const tableSize = 1 << maxWidth;
