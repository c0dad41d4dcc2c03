import type { Sink } from '@tenon/contract';
import type { EncodedKey } from './encoded-key.js';
import { timestampBytes, writeTimestamp } from './timestamp.js';

/**
 * The sink that a value is being written into, and the scalars of MessagePack.
 *
 * The place to write at is kept here and not in the sink, which may be of any class and would be asked for it at every
 * byte. {@link swap} makes one output serve a value that is encoded in the midst of another.
 */
export class Output {
  readonly #scratch = new DataView(new ArrayBuffer(8));
  #sink: Sink;
  /** The sink's buffer. Replaced when it grows. */
  buffer: Buffer;
  /** Where the next byte goes. */
  position: number;

  constructor(sink: Sink) {
    this.#sink = sink;
    this.buffer = sink.buffer;
    this.position = sink.position;
  }

  /** Writes into another sink from now on, at its position. Returns the one before, with its position put right. */
  swap(sink: Sink): Sink {
    const before = this.#sink;
    before.position = this.position;
    this.#sink = sink;
    this.buffer = sink.buffer;
    this.position = sink.position;
    return before;
  }

  /**
   * The buffer, with room for `bytes` at the position.
   *
   * `bytes` is always what will be written, never an estimate: an estimate could run into the owner's limit with a
   * message that fits.
   */
  room(bytes: number): Buffer {
    return this.position + bytes > this.buffer.length ? this.#grown(bytes) : this.buffer;
  }

  /** Writes one byte. */
  byte(byte: number): void {
    this.room(1)[this.position] = byte;
    this.position += 1;
  }

  /** Writes two bytes. */
  pair(first: number, second: number): void {
    this.#prefixed8(first, second);
  }

  /** Writes the name of a field. */
  key(key: EncodedKey): void {
    key.write(this.room(key.length), this.position);
    this.position += key.length;
  }

  /**
   * Writes whole numbers of up to 32 bits in their shortest form and all others as a double, as JavaScript keeps them: so
   * a number always comes back as a number, and −0 as −0.
   */
  number(value: number): void {
    if (value >>> 0 === value && (value !== 0 || 1 / value > 0)) this.#unsigned(value);
    else if (value >> 0 === value && value !== 0) this.#negative(value);
    else this.#double(value);
  }

  /** Writes a bigint as a 64-bit integer. It must fit: see {@link fitsInt64}. */
  bigint(value: bigint): void {
    const buffer = this.room(9);
    buffer[this.position] = value > maxInt64 ? 0xcf : 0xd3;
    buffer.writeBigUInt64BE(BigInt.asUintN(64, value), this.position + 1);
    this.position += 9;
  }

  /** Writes a string as UTF-8; half a surrogate pair becomes U+FFFD. */
  text(text: string): void {
    if (text.length < 0x20 && this.#shortAscii(text)) return;
    if (text.length * 3 + 5 <= this.buffer.length - this.position) this.#roomyText(text);
    else this.#exactText(text);
  }

  /** Writes bytes as bytes. */
  bytes(value: Uint8Array): void {
    this.#lengthHeader(value.length, 0xc4);
    this.buffer.set(value, this.position);
    this.position += value.length;
  }

  /** Writes a valid date. */
  date(epochMs: number): void {
    const bytes = timestampBytes(epochMs);
    writeTimestamp(this.room(bytes), this.position, epochMs);
    this.position += bytes;
  }

  /**
   * Writes the header of a container, with room for it and `leastBytes` behind it.
   *
   * @param fix - the first byte of one with its count inside.
   * @param first16 - the first byte of one with 16 bits of count behind it; with 32 bits it is one more.
   */
  header(fix: number, first16: number, count: number, leastBytes: number): void {
    if (count < 0x10) {
      this.room(1 + leastBytes)[this.position] = fix | count;
      this.position += 1;
    } else if (count < 0x1_0000) {
      this.room(3 + leastBytes);
      this.#prefixed16(first16, count);
    } else {
      this.room(5 + leastBytes);
      this.#prefixed32(first16 + 1, count);
    }
  }

  #unsigned(value: number): void {
    if (value < 0x80) this.byte(value);
    else if (value < 0x100) this.#prefixed8(0xcc, value);
    else if (value < 0x1_0000) this.#prefixed16(0xcd, value);
    else this.#prefixed32(0xce, value);
  }

  #negative(value: number): void {
    if (value >= -0x20) this.byte(value);
    else if (value >= -0x80) this.#prefixed8(0xd0, value);
    else if (value >= -0x8000) this.#prefixed16(0xd1, value);
    else this.#prefixed32(0xd2, value);
  }

  #double(value: number): void {
    const buffer = this.room(9);
    const at = this.position;
    const scratch = this.#scratch;
    // Three times as fast as `writeDoubleBE`.
    scratch.setFloat64(0, value);
    const high = scratch.getInt32(0);
    const low = scratch.getInt32(4);
    buffer[at] = 0xcb;
    buffer[at + 1] = high >> 24;
    buffer[at + 2] = high >> 16;
    buffer[at + 3] = high >> 8;
    buffer[at + 4] = high;
    buffer[at + 5] = low >> 24;
    buffer[at + 6] = low >> 16;
    buffer[at + 7] = low >> 8;
    buffer[at + 8] = low;
    this.position = at + 9;
  }

  #shortAscii(text: string): boolean {
    const length = text.length;
    const buffer = this.room(length + 1);
    const at = this.position;
    let units = 0;
    let index = 0;
    // Four at a time, and one look at all of them in the end: half the time of one by one.
    for (; index + 4 <= length; index += 4) {
      const first = text.charCodeAt(index);
      const second = text.charCodeAt(index + 1);
      const third = text.charCodeAt(index + 2);
      const fourth = text.charCodeAt(index + 3);
      units |= first | second | third | fourth;
      buffer[at + 1 + index] = first;
      buffer[at + 2 + index] = second;
      buffer[at + 3 + index] = third;
      buffer[at + 4 + index] = fourth;
    }
    for (; index < length; index += 1) {
      const unit = text.charCodeAt(index);
      units |= unit;
      buffer[at + 1 + index] = unit;
    }
    if (units > 0x7f) return false;
    buffer[at] = 0xa0 | length;
    this.position = at + 1 + length;
    return true;
  }

  /** Where there is room for the most that it can take, the text goes to its place before its length is known. */
  #roomyText(text: string): void {
    const at = this.position;
    const guessed = textHeaderBytes(text.length);
    const bytes = this.buffer.write(text, at + guessed, 'utf8');
    const needed = textHeaderBytes(bytes);
    if (needed !== guessed) this.buffer.copyWithin(at + needed, at + guessed, at + guessed + bytes);
    this.#textHeader(bytes);
    this.position += bytes;
  }

  #exactText(text: string): void {
    const bytes = Buffer.byteLength(text);
    this.#textHeader(bytes);
    this.buffer.write(text, this.position, 'utf8');
    this.position += bytes;
  }

  #textHeader(bytes: number): void {
    if (bytes < 0x20) {
      this.room(1 + bytes)[this.position] = 0xa0 | bytes;
      this.position += 1;
    } else {
      this.#lengthHeader(bytes, 0xd9);
    }
  }

  /** @param first8 - the first byte with 8 bits of length; the longer forms follow it. */
  #lengthHeader(bytes: number, first8: number): void {
    if (bytes < 0x100) {
      this.room(2 + bytes);
      this.#prefixed8(first8, bytes);
    } else if (bytes < 0x1_0000) {
      this.room(3 + bytes);
      this.#prefixed16(first8 + 1, bytes);
    } else {
      this.room(5 + bytes);
      this.#prefixed32(first8 + 2, bytes);
    }
  }

  #prefixed8(first: number, value: number): void {
    const buffer = this.room(2);
    buffer[this.position] = first;
    buffer[this.position + 1] = value;
    this.position += 2;
  }

  #prefixed16(first: number, value: number): void {
    const buffer = this.room(3);
    buffer[this.position] = first;
    buffer[this.position + 1] = value >> 8;
    buffer[this.position + 2] = value;
    this.position += 3;
  }

  #prefixed32(first: number, value: number): void {
    const buffer = this.room(5);
    const at = this.position;
    buffer[at] = first;
    buffer[at + 1] = value >> 24;
    buffer[at + 2] = value >> 16;
    buffer[at + 3] = value >> 8;
    buffer[at + 4] = value;
    this.position = at + 5;
  }

  #grown(bytes: number): Buffer {
    this.#sink.position = this.position;
    this.#sink.ensure(bytes);
    this.buffer = this.#sink.buffer;
    return this.buffer;
  }
}

/** Whether MessagePack has an integer for it: int64 below, uint64 above. */
export function fitsInt64(value: bigint): boolean {
  return value >= minInt64 && value <= maxUint64;
}

function textHeaderBytes(bytes: number): number {
  if (bytes < 0x20) return 1;
  if (bytes < 0x100) return 2;
  return bytes < 0x1_0000 ? 3 : 5;
}

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;
const maxUint64 = 2n ** 64n - 1n;
