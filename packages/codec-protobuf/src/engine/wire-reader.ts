import { isUtf8 } from 'node:buffer';
import { readText } from '@tenon/contract/authoring';
import { malformed } from '../refusal.js';
import { maxDepth, maxElements, maxEpochMs, minEpochMs } from './limits.js';
import { wireType } from './wire-type.js';

/** Reads the fields of the message that ends at `end`, and leaves the position there. */
export type ReadMessage = (reader: WireReader, end: number, depth: number) => unknown;

/**
 * Reads protobuf's scalars out of bytes that anybody may have written. Every length is held against what is left before
 * anything is made by it.
 */
export class WireReader {
  readonly #buffer: Buffer;
  readonly #start: number;
  #left: number;
  /** Where the next byte is. */
  position: number;
  /** The upper half of the varint that was read last. */
  #high = 0;

  constructor(buffer: Uint8Array, start: number, left: number = maxElements) {
    this.#buffer = Buffer.isBuffer(buffer) ? buffer : Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.#start = start;
    this.#left = left;
    this.position = start;
  }

  /** Counts a message with its fields, or an item; and refuses a message inside too many others. */
  enter(elements: number, depth: number): void {
    if (depth > maxDepth) throw this.refused(`messages nested more than ${maxDepth} deep`);
    this.count(elements);
  }

  count(elements: number): void {
    this.#left -= elements;
    if (this.#left < 0) throw this.refused(`more than ${maxElements} elements`);
  }

  /** A field's number and how its value is written. */
  tag(end: number): number {
    const at = this.position;
    const byte = at < end ? (this.#buffer[at] as number) : 0x80;
    if (byte < 0x80) {
      this.position = at + 1;
      if (byte < 8) throw this.refused('a field without a number');
      return byte;
    }
    const low = this.#varint(end);
    if (this.#high !== 0 || low < 8) throw this.refused('a field number that is none');
    return low;
  }

  /** The end of what comes behind its length. */
  open(end: number): number {
    const length = this.#varint(end);
    if (this.#high !== 0 || length > end - this.position) throw this.refused('a length beyond the end');
    return this.position + length;
  }

  string(end: number): string {
    const to = this.open(end);
    const from = this.position;
    this.position = to;
    const text = readText(this.#buffer, from, to - from);
    // Whatever is no UTF-8 became that, and a text may also hold it by right.
    if (text.includes('\ufffd') && !isUtf8(this.#buffer.subarray(from, to)))
      throw this.refused('a text that is not UTF-8');
    return text;
  }

  /** A copy, with nothing else in the memory behind it. */
  bytes(end: number): Uint8Array {
    const to = this.open(end);
    const copy = new Uint8Array(to - this.position);
    copy.set(this.#buffer.subarray(this.position, to));
    this.position = to;
    return copy;
  }

  boolean(end: number): boolean {
    return this.#varint(end) !== 0 || this.#high !== 0;
  }

  /** A safe integer. */
  integer(end: number): number {
    const low = this.#varint(end);
    const high = this.#high | 0;
    if (high === 0) return low;
    const value = high * 2 ** 32 + low;
    if (!Number.isSafeInteger(value))
      throw this.refused('an integer beyond 2^53, which a field of type bigint would take');
    return value;
  }

  bigint(end: number): bigint {
    const low = this.#varint(end);
    const high = this.#high | 0;
    return high === 0 || high === -1 ? BigInt(high * 2 ** 32 + low) : (BigInt(high) << 32n) | BigInt(low);
  }

  /** The number of an enum's value: of what is longer the lower 32 bits, as everywhere in protobuf. */
  enum(end: number): number {
    return this.#varint(end) | 0;
  }

  number(end: number): number {
    const at = this.position;
    if (end - at < 8) throw this.refused('a number that is cut short');
    this.position = at + 8;
    return this.#buffer.readDoubleLE(at);
  }

  /** `google.protobuf.Timestamp`, to the millisecond. */
  date(end: number, depth: number): Date {
    this.enter(1, depth);
    let [seconds, nanos] = [0, 0];
    while (this.position < end) {
      const tag = this.tag(end);
      if (tag === 0x08) seconds = this.integer(end);
      else if (tag === 0x10) nanos = this.enum(end);
      else this.skip(tag, end, depth);
    }
    const epochMs = seconds * 1_000 + Math.floor(nanos / 1_000_000);
    const isMoment = nanos >= 0 && nanos < 1_000_000_000 && epochMs >= minEpochMs && epochMs <= maxEpochMs;
    if (!isMoment) throw this.refused('a timestamp outside of the years 1 to 9999');
    return new Date(epochMs);
  }

  /** Passes over the value of a field that nobody knows, groups inside one another included. */
  skip(tag: number, end: number, depth: number): void {
    const groups: number[] = [];
    let next = tag;
    for (;;) {
      const number = next >>> 3;
      const type = next & 7;
      if (type === wireType.group) {
        groups.push(number);
        if (depth + groups.length > maxDepth) throw this.refused(`groups nested more than ${maxDepth} deep`);
      } else if (type === wireType.groupEnd) {
        if (groups.pop() !== number) throw this.refused('the end of a group that did not begin');
      } else {
        this.#pass(type, end);
      }
      if (groups.length === 0) return;
      next = this.tag(end);
    }
  }

  /**
   * A message that came in pieces, which count as one: what is single in the later piece wins, lists are joined. The bytes of
   * the pieces one behind the other mean the same.
   *
   * @param pieces - start and end of each.
   */
  merged(pieces: readonly number[], read: ReadMessage, depth: number): unknown {
    const parts: Buffer[] = [];
    for (let index = 0; index < pieces.length; index += 2) {
      parts.push(this.#buffer.subarray(pieces[index], pieces[index + 1]));
    }
    const whole = Buffer.concat(parts);
    const reader = new WireReader(whole, 0, this.#left);
    const value = read(reader, whole.length, depth);
    this.#left = reader.#left;
    return value;
  }

  refused(what: string): Error {
    return malformed(what, this.position - this.#start);
  }

  #pass(type: number, end: number): void {
    if (type === wireType.varint) this.#varint(end);
    else if (type === wireType.bytes) this.position = this.open(end);
    else if (type === wireType.fixed64 || type === wireType.fixed32) {
      const bytes = type === wireType.fixed64 ? 8 : 4;
      if (end - this.position < bytes) throw this.refused('a field that is cut short');
      this.position += bytes;
    } else throw this.refused('a field of a wire type that does not exist');
  }

  /** The lower 32 bits; the upper ones are kept beside. */
  #varint(end: number): number {
    const buffer = this.#buffer;
    let at = this.position;
    let [low, high, shift] = [0, 0, 0];
    for (; at < end; at += 1) {
      const byte = buffer[at] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.position = at + 1;
        this.#high = high >>> 0;
        return low >>> 0;
      }
      shift += 7;
      if (shift > 63) throw this.refused('a number of more than ten bytes');
    }
    throw this.refused('a message that ends too early');
  }
}
